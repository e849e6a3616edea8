package dev.osteon.engine.op;

import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Gradient of {@link LayerNorm}. Operands: dy, x, gamma, mean and r = 1/√(variance + eps) per row; results dx, dgamma,
 * dbeta. With x̂ = (x − mean)·r and h = dy·gamma: dx = r·(h − mean(h) − x̂·mean(h·x̂)).
 */
public record LayerNormBackward(int dims) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 5, 5);
        TensorSpec x = inputs.get(1);
        Check.that(inputs.get(0).shape().equals(x.shape()) && inputs.get(0).dtype() == x.dtype(), this, inputs,
                "dy like x");
        Check.that(inputs.subList(2, 5).stream().allMatch(each -> each.dtype() == x.dtype().statistics()), this, inputs,
                "gamma, mean and r in " + x.dtype().statistics());
        return List.of(x.rowMajor(), inputs.get(2), inputs.get(2));
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
        return Precision.KEEP;
    }
}
