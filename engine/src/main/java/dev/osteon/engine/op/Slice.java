package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** Elements {@code start}, start + step, … (count of them) along {@code axis}; steps of 1 or more. */
public record Slice(int axis, int start, int count, int step) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        TensorSpec x = inputs.getFirst();
        int size = x.dim(axis);
        Check.that(step >= 1 && start >= 0 && count >= 0 && (count == 0 || start + (count - 1L) * step < size), this,
                inputs, "positions within 0 … " + (size - 1) + " and a step of 1 or more");
        return List.of(TensorSpec.of(x.shape().with(axis, count), x.dtype()));
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> {
            Shape shape = b.inputSpec(0).shape();
            int after = shape.dim(axis) - start - ((count - 1) * step + 1);
            return Ops.pad(b.upstream(), axis, start, count == 0 ? shape.dim(axis) - start : after, step);
        });
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return new Cost(0, 2.0 * outputs.getFirst().bytes());
    }
}
