package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;

/** Gradient of {@link Gather}: operands dy [...] and indices [...]; result [..., size], zero but at the indices. */
public record GatherBackward(int size) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 2, 2);
        TensorSpec dy = inputs.getFirst();
        Check.that(dy.shape().equals(inputs.get(1).shape()), this, inputs, "as many indices as gradients");
        int[] dims = Arrays.copyOf(dy.shape().toArray(), dy.rank() + 1);
        dims[dy.rank()] = size;
        return List.of(TensorSpec.of(Shape.of(dims), dy.dtype()));
    }

    @Override
    public Saves saves() {
        return Saves.inputs(1);
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Ops.gather(b.upstream(), b.input(1)));
    }
}
