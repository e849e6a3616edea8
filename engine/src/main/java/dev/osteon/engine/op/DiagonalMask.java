package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** A copy of x [..., n, n] with {@code value} on the diagonal of the last two dimensions. */
public record DiagonalMask(double value) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        TensorSpec x = inputs.getFirst();
        Check.that(x.rank() >= 2 && x.dim(-1) == x.dim(-2), this, inputs, "[..., n, n]");
        return List.of(x.rowMajor());
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Ops.maskDiagonal(b.upstream(), 0));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(0, inputs, outputs);
    }
}
