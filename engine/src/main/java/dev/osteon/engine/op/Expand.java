package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** x repeated along its dimensions of size 1 (and new leading ones) to {@code shape}. */
public record Expand(Shape shape) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        TensorSpec x = inputs.getFirst();
        Check.that(Shape.broadcast(x.shape(), shape).equals(shape), this, inputs, "a shape that broadcasts to "
                + shape);
        return List.of(TensorSpec.of(shape, x.dtype()));
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Ops.sumTo(b.upstream(), b.inputSpec(0).shape()));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(0, inputs, outputs);
    }
}
