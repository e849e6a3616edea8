package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** Gradient of {@link Select}: rows of dy added into {@code size} rows of zeros, in order of their position. */
public record SelectBackward(int axis, int size) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 2, 2);
        Check.that(inputs.get(1).rank() == 1 && inputs.get(0).dim(axis) == inputs.get(1).dim(0), this, inputs,
                "as many indices as rows");
        TensorSpec dy = inputs.getFirst();
        return List.of(TensorSpec.of(dy.shape().with(axis, size), dy.dtype()));
    }

    @Override
    public Saves saves() {
        return Saves.inputs(1);
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Ops.select(b.upstream(), b.input(1), axis));
    }
}
