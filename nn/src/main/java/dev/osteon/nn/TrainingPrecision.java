package dev.osteon.nn;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.WeightCopies;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * What a network is trained in (Micikevicius et al. 2018, "Mixed Precision Training"). Parameters, their gradients as
 * the optimiser sees them, statistics and losses are float32 in all of them; the low ones have activations, and copies
 * of the weights for the time of a step, in 16 bits.
 */
public enum TrainingPrecision {
    /** Everything in float32. */
    FLOAT32(Optional.empty()),
    /** bfloat16: the range of float32 with 8 bits of precision. */
    BF16(Optional.of(DType.BF16)),
    /** IEEE half precision: 11 bits of precision up to 65 504. Gradients need a {@link LossScale}. */
    FP16(Optional.of(DType.F16));

    private final Optional<DType> low;

    TrainingPrecision(Optional<DType> low) {
        this.low = low;
    }

    /** Runs a network's forward pass; its result in float32, so that what follows, the loss, is computed in that. */
    public Tensor forward(Supplier<Tensor> network) {
        if (low.isEmpty()) {
            return network.get();
        }
        AtomicReference<Tensor> result = new AtomicReference<>();
        Dispatcher.autocast(low.get(), () -> result.set(network.get()));
        return result.get().to(DType.F32);
    }

    /**
     * Copies of a network's parameters as its forward passes read them, until they are closed: open them around the
     * forward and the backward pass of a step, and close them before the parameters change.
     */
    public WeightCopies copies(Module network) {
        return WeightCopies.of(network.trainable(), low.orElse(DType.F32));
    }

    /** The optimiser as this precision needs it. */
    public Optimizer around(Optimizer optimizer, Device device) {
        return this == FP16 ? new LossScale(optimizer, device, LossScale.Settings.USUAL) : optimizer;
    }

    /** As on the command line: lower case. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
