package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** y = exp(x − max x) / Σ exp(x − max x) along {@code axis} (0 … rank − 1). */
public record Softmax(int axis) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        Check.floating(this, inputs);
        Check.that(axis >= 0 && axis < inputs.getFirst().rank(), this, inputs, "an axis of 0 … rank − 1");
        return List.of(inputs.getFirst().rowMajor());
    }

    @Override
    public Saves saves() {
        return Saves.outputs(0);
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> {
            Tensor y = b.output(0);
            Tensor dyY = Ops.mul(b.upstream(), y);
            return Ops.sub(dyY, Ops.mul(y, Ops.sum(dyY, axis)));
        });
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(8, inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.FULL;
    }
}
