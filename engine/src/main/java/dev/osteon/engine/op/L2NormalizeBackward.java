package dev.osteon.engine.op;

import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Gradient of {@link L2Normalize}. Operands: dy, y and the divisor of each row; dx = (dy − y·Σ dy·y) / divisor, the sum
 * along {@code axis}: what of dy points along x is removed, as scaling removes it.
 */
public record L2NormalizeBackward(int axis) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 3, 3);
        Check.floating(this, inputs);
        TensorSpec y = inputs.get(1);
        Check.that(axis >= 0 && axis < y.rank(), this, inputs, "an axis of 0 … rank − 1");
        Check.that(inputs.getFirst().shape().equals(y.shape()) && inputs.get(2).shape().equals(y.shape().with(axis, 1)),
                this, inputs, "dy and y of one shape, and a divisor for each row");
        return List.of(y.rowMajor());
    }

    @Override
    public boolean differentiable() {
        return false;
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perInput(5, inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.FULL;
    }
}
