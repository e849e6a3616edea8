package dev.osteon.engine.op;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** Position (i64) of the first largest element along {@code axis}, which stays in the result with size 1. */
public record ArgMax(int axis) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        TensorSpec x = inputs.getFirst();
        Check.that(x.dim(axis) > 0, this, inputs, "an axis that is not empty");
        return List.of(TensorSpec.of(x.shape().with(axis, 1), DType.I64));
    }

    @Override
    public boolean differentiable() {
        return false;
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perInput(1, inputs, outputs);
    }
}
