package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** y = scale·x + shift, element by element. */
public record Affine(double scale, double shift) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        Check.floating(this, inputs);
        return inputs;
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Ops.affine(b.upstream(), scale, 0));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(2, inputs, outputs);
    }
}
