package dev.osteon.engine.backend.host;

import dev.osteon.engine.op.StepOperands;
import dev.osteon.engine.op.UnscaleGradients;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** What a loss scale has to say to an optimiser's step on the host. */
public final class LossScales {

    private LossScales() {}

    /** Parameters, gradients and buffers to step with: none when the loss scale says that gradients overflowed. */
    public static List<Tensor> toStep(StepOperands step) {
        boolean overflow = step.lossScale().filter(state ->
                HostData.get(state.segment(), state.dtype(), UnscaleGradients.OVERFLOW) != 0).isPresent();
        return overflow ? List.of() : step.threes();
    }
}
