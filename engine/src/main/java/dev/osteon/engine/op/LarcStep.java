package dev.osteon.engine.op;

import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * One SGD step with layer-wise adaptive rate control (You et al. 2017; semantics of NVIDIA apex LARC), in place.
 * Per tensor, with the norms of the whole tensor and its raw gradient: a = trust·‖p‖ / (‖g‖ + weightDecay·‖p‖ + eps),
 * with {@link Mode#CLIP} a = min(a/learningRate, 1); g ← (g + weightDecay·p)·a; then momentum SGD without decay. When
 * ‖p‖ or ‖g‖ is exactly 0 the gradient is used unchanged, without decay. Operands are {@link StepOperands}; parameters
 * and momentum buffers are overwritten.
 */
public record LarcStep(double momentum, double weightDecay, double trust, double eps, Mode mode) implements Op {

    /** Whether the adaptive rate may exceed the learning rate. */
    public enum Mode { CLIP, SCALE }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        SgdStep.stepFits(this, inputs);
        return List.of();
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
        return SgdStep.stepCost(inputs, 10);
    }

    @Override
    public Precision precision() {
        return Precision.KEEP;
    }
}
