package dev.osteon.engine.backend.host;

import dev.osteon.engine.op.UnscaleGradients;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** An optimiser step's operands: threes, and behind them the state of a loss scale, if any. */
public final class LossScales {

    private LossScales() {}

    /** Parameters, gradients and buffers to step with: none when the loss scale says that gradients overflowed. */
    public static List<Tensor> toStep(List<Tensor> inputs) {
        if (inputs.size() % 3 == 0) {
            return inputs;
        }
        Tensor state = inputs.getLast();
        boolean overflow = HostData.get(state.segment(), state.dtype(), UnscaleGradients.OVERFLOW) != 0;
        return overflow ? List.of() : inputs.subList(0, inputs.size() - 1);
    }
}
