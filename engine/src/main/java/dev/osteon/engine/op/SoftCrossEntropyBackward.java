package dev.osteon.engine.op;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Gradient of {@link SoftCrossEntropy} with respect to the logits. Operands: x and q [n, k], the logarithms l and dy
 * [n]; result dx = dy·scale·(p·Σ_k q_k − q) [n, k] with p = exp(scale·x − l).
 */
public record SoftCrossEntropyBackward(double scale) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 4, 4);
        Check.floating(this, inputs);
        TensorSpec x = inputs.getFirst();
        Shape rows = Shape.of(x.dim(0));
        Check.that(x.rank() == 2 && inputs.get(1).shape().equals(x.shape()) && inputs.get(2).shape().equals(rows)
                && inputs.get(3).shape().equals(rows), this, inputs, "x and q [n, k], logarithms and dy [n]");
        return List.of(x.rowMajor());
    }

    @Override
    public boolean differentiable() {
        return false;
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perInput(12, inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.FULL;
    }
}
