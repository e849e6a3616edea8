package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** y = x − max x − log Σ exp(x − max x) along {@code axis} (0 … rank − 1). −∞ is allowed and has probability 0. */
public record LogSoftmax(int axis) implements Op {

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
            Tensor dy = b.upstream();
            return Ops.sub(dy, Ops.mul(Ops.exp(b.output(0)), Ops.sum(dy, axis)));
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
