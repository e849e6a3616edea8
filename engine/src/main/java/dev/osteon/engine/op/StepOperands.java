package dev.osteon.engine.op;

import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The operands of {@link SgdStep} and {@link LarcStep}, in their order. The learning rate is one of them, not an
 * attribute: it lies on the device, so that a recorded step can be queued again with another.
 *
 * @param threes       parameter, gradient and momentum buffer of each tensor, one after the other
 * @param learningRate one element of the parameters' type
 * @param lossScale    the state of a loss scale ({@link UnscaleGradients}); when that says overflow, nothing is done
 */
public record StepOperands(List<Tensor> threes, Tensor learningRate, Optional<Tensor> lossScale) {

    /** What an operation was given, after {@link Op#infer} has accepted it. */
    public static StepOperands of(List<Tensor> operands) {
        int tensors = operands.size() / 3 * 3;
        return new StepOperands(operands.subList(0, tensors), operands.get(tensors),
                operands.size() > tensors + 1 ? Optional.of(operands.getLast()) : Optional.empty());
    }

    /** As an operation takes them. */
    public List<Tensor> inOrder() {
        List<Tensor> operands = new ArrayList<>(threes);
        operands.add(learningRate);
        lossScale.ifPresent(operands::add);
        return operands;
    }
}
