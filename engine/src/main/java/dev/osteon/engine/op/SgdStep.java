package dev.osteon.engine.op;

import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * One step of stochastic gradient descent over all parameters, in place, as torch.optim.SGD: with g = gradient +
 * weightDecay·p, buffer b ← momentum·b + g, p ← p − learningRate·b. Operands are {@link StepOperands}; p and b are
 * overwritten. Buffers start as zeros (which equals torch's first step, as dampening is 0).
 */
public record SgdStep(double momentum, double weightDecay, Nesterov nesterov) implements Op {

    /** Nesterov's look-ahead: p ← p − learningRate·(g + momentum·b). */
    public enum Nesterov { NO, YES }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        stepFits(this, inputs);
        return List.of();
    }

    static void stepFits(Op op, List<TensorSpec> inputs) {
        int threes = inputs.size() / 3;
        Check.that(inputs.size() % 3 != 0, op, List.of(),
                "operands in threes: parameter, gradient, momentum buffer; the learning rate; at most one loss scale");
        TensorSpec rate = inputs.get(3 * threes);
        Check.that(rate.shape().size() == 1 && (threes == 0 || rate.dtype() == inputs.getFirst().dtype()), op,
                List.of(rate), "a learning rate of one element, of the parameters' type");
        if (inputs.size() % 3 == 2) {
            UnscaleGradients.stateFits(op, inputs.getLast());
        }
        for (int i = 0; i < 3 * threes; i += 3) {
            TensorSpec p = inputs.get(i);
            Check.that(p.shape().equals(inputs.get(i + 1).shape()) && p.equals(inputs.get(i + 2)), op,
                    inputs.subList(i, i + 3), "gradient and buffer like the parameter");
        }
    }

    @Override
    public boolean differentiable() {
        return false;
    }

    /** Gradients are read only, and so is the loss scale, where there is one. */
    @Override
    public boolean changes(int operand) {
        return operand % 3 != 1;
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return stepCost(inputs, 6);
    }

    static Cost stepCost(List<TensorSpec> inputs, double flopsPerParameter) {
        double bytes = Cost.traffic(inputs, List.of());
        return new Cost(flopsPerParameter / 3 * inputs.stream().mapToDouble(s -> s.shape().size()).sum(),
                bytes * 5 / 3);   // parameter and buffer are read and written, the gradient is read
    }

    @Override
    public Precision precision() {
        return Precision.KEEP;
    }
}
