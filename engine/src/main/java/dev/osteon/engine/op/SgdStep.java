package dev.osteon.engine.op;

import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * One step of stochastic gradient descent over all parameters, in place, as torch.optim.SGD: with g = gradient +
 * weightDecay·p, buffer b ← momentum·b + g, p ← p − learningRate·b. Operands come in threes: p, gradient, b; p and b
 * are overwritten. Behind them may follow the state of a loss scale ({@link UnscaleGradients}): when that says
 * overflow, nothing is done. Buffers start as zeros (which equals torch's first step, as dampening is 0).
 */
public record SgdStep(double learningRate, double momentum, double weightDecay, Nesterov nesterov) implements Op {

    /** Nesterov's look-ahead: p ← p − learningRate·(g + momentum·b). */
    public enum Nesterov { NO, YES }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        triples(this, inputs);
        return List.of();
    }

    static void triples(Op op, List<TensorSpec> inputs) {
        int threes = inputs.size() / 3;
        Check.that(inputs.size() % 3 < 2, op, List.of(),
                "operands in threes: parameter, gradient, momentum buffer; and at most one loss scale");
        if (inputs.size() % 3 == 1) {
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
