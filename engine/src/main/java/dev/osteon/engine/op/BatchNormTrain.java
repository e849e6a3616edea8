package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Batch normalisation over a batch's own statistics (Ioffe and Szegedy 2015, alg. 1), optionally with the addition of
 * a residual branch and a ReLU: y = act(gamma·(x − mean)/√(variance + eps) + beta (+ residual)).
 * Operands: x [N, C, ...], gamma [C], beta [C], optional residual of x's shape. Results: y, mean [C], and the biased
 * variance [C] (divisor n). No gradient flows through mean and variance as results.
 */
public record BatchNormTrain(double eps, Activation activation) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 3, 4);
        TensorSpec x = inputs.getFirst();
        statisticsFit(this, inputs, 1, 3);
        Check.that(inputs.size() == 3 || inputs.get(3).shape().equals(x.shape()) && inputs.get(3).dtype() == x.dtype(),
                this, inputs, "a residual like x");
        Check.that(x.shape().size() / Math.max(1, x.dim(1)) > 1, this, inputs,
                "more than one value per channel; use a larger batch, or evaluation mode");
        TensorSpec statistic = TensorSpec.of(Shape.of(x.dim(1)), x.dtype().statistics());
        return List.of(x, statistic, statistic);
    }

    static void statisticsFit(Op op, List<TensorSpec> inputs, int from, int to) {
        TensorSpec x = inputs.getFirst();
        Check.that(x.rank() >= 2 && x.dtype().isFloating(), op, inputs, "floating x [N, C, ...]");
        for (TensorSpec each : inputs.subList(from, to)) {
            Check.that(each.shape().equals(Shape.of(x.dim(1))) && each.dtype() == x.dtype().statistics(), op, inputs,
                    "per-channel operands " + x.dtype().statistics() + "[" + x.dim(1) + "]");
        }
    }

    @Override
    public Saves saves() {
        return activation == Activation.RELU ? Saves.inputs(0, 1).andOutputs(0, 1, 2)
                : Saves.inputs(0, 1).andOutputs(1, 2);
    }

    @Override
    public void vjp(Backward b) {
        boolean residual = b.inputs() == 4;
        List<Tensor> operands = new ArrayList<>(List.of(b.upstream(), b.input(0), b.input(1), b.output(1), b
                .output(2)));
        if (activation == Activation.RELU) {
            operands.add(b.output(0));
        }
        List<Tensor> gradients = Dispatcher.runAll(
                new BatchNormBackward(eps, activation, residual ? Branch.RESIDUAL : Branch.NONE), operands);
        b.to(0, () -> gradients.get(0));
        b.to(1, () -> gradients.get(1));
        b.to(2, () -> gradients.get(2));
        if (residual) {
            b.to(3, () -> activation == Activation.RELU ? gradients.get(3) : b.upstream());
        }
    }

    /** Whether a residual branch is added before the activation. */
    public enum Branch { NONE, RESIDUAL }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return new Cost(8.0 * inputs.getFirst().shape().size(),
                Cost.traffic(inputs, outputs) + inputs.getFirst().bytes());   // statistics need a pass of their own
    }

    @Override
    public Precision precision() {
        return Precision.KEEP;
    }
}
