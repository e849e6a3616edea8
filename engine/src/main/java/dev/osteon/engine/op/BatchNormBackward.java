package dev.osteon.engine.op;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Gradient of {@link BatchNormTrain}. Operands: dy, x, gamma, mean, variance and, with ReLU, y, whose sign says where
 * the ReLU was open. Results: dx, dgamma, dbeta and, with ReLU and a residual branch, the residual's gradient (without
 * ReLU that is dy itself). With g = dy masked, x̂ = (x − mean)/√(variance + eps) and n values per channel:
 * dbeta = Σ g, dgamma = Σ g·x̂, dx = gamma/√(variance + eps)·(g − dbeta/n − x̂·dgamma/n).
 */
public record BatchNormBackward(double eps, Activation activation, BatchNormTrain.Branch branch) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        boolean relu = activation == Activation.RELU;
        Check.count(this, inputs, relu ? 6 : 5, relu ? 6 : 5);
        TensorSpec x = inputs.get(1);
        Check.that(inputs.getFirst().shape().equals(x.shape()), this, inputs, "dy of x's shape");
        BatchNormTrain.statisticsFit(this, inputs, 2, 5);
        TensorSpec statistic = TensorSpec.of(Shape.of(x.dim(1)), x.dtype().statistics());
        List<TensorSpec> results = new ArrayList<>(List.of(x, statistic, statistic));
        if (relu && branch == BatchNormTrain.Branch.RESIDUAL) {
            results.add(x);
        }
        return results;
    }

    @Override
    public boolean differentiable() {
        return false;
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        double second = 2.0 * inputs.getFirst().bytes();   // the sums need a pass of their own
        return new Cost(12.0 * inputs.getFirst().shape().size(), Cost.traffic(inputs, outputs) + second);
    }

    @Override
    public Precision precision() {
        return Precision.KEEP;
    }
}
