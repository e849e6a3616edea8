package dev.osteon.nn;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.LossScaleStep;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.UnscaleGradients;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * An optimiser behind a dynamic loss scale, as fp16 needs it: gradients too small for fp16 are 0, so the loss is
 * differentiated as scale·loss, and a step first divides the gradients again. When one of them is infinite or not a
 * number, the step is left out and the scale gets smaller; after enough good steps it grows (Micikevicius et al. 2018,
 * "Mixed Precision Training", section 3.2). Scale, count and finding are a tensor on the device that only kernels read:
 * the host waits for nothing.
 */
public final class LossScale implements Optimizer {

    private static final String STATE = "loss_scale";

    private final Optimizer optimizer;
    private final Settings settings;
    private final Parameter state;

    /**
     * The rule.
     *
     * @param initial  the scale in the beginning, above 0
     * @param growth   what it is multiplied with after {@code interval} good steps, above 1
     * @param backoff  what it is multiplied with after an overflow, between 0 and 1
     * @param interval 1 or more
     */
    public record Settings(double initial, double growth, double backoff, int interval) {

        /** torch.amp.GradScaler's. */
        public static final Settings USUAL = new Settings(65536, 2, 0.5, 2000);

        public Settings {
            if (!(initial > 0) || !(growth > 1) || !(backoff > 0 && backoff < 1) || interval < 1) {
                throw new EngineException("loss scale: given " + initial + ", times " + growth + " after " + interval
                        + " steps, times " + backoff + " after an overflow; expected a scale above 0, a growth above "
                        + "1, 1 step or more, and a backoff between 0 and 1");
            }
        }
    }

    /** @param optimizer what steps with the gradients; closed with this */
    public LossScale(Optimizer optimizer, Device device, Settings settings) {
        this.optimizer = optimizer;
        this.settings = settings;
        this.state = Parameter.of(STATE, device, Shape.of(UnscaleGradients.STATE), DType.F32, settings.initial, 0, 0);
    }

    /** Begins a backward pass with the scale in place of 1. */
    @Override
    public Optional<Tensor> lossScale() {
        return Optional.of(Ops.slice(state.tensor(), 0, 0, 1));
    }

    @Override
    public void step(Gradients gradients, Tensor learningRate, Optional<Tensor> overflow) {
        if (overflow.isPresent()) {
            throw new EngineException("loss scale: given another one around it; expected one for an optimiser");
        }
        List<Tensor> operands = new ArrayList<>(List.of(state.tensor()));
        operands.addAll(gradients.all());
        try (TensorScope _ = TensorScope.open()) {
            Dispatcher.runAll(new UnscaleGradients(), operands);
            optimizer.step(gradients, learningRate, Optional.of(state.tensor()));
            Dispatcher.runAll(new LossScaleStep(settings.growth, settings.backoff, settings.interval),
                    List.of(state.tensor()));
        }
    }

    /** The scale as it is now; waits for the device. */
    public double scale() {
        return state.values()[0];
    }

    /** The optimiser's, and {@code loss_scale}. */
    @Override
    public SequencedMap<String, Parameter> state() {
        SequencedMap<String, Parameter> all = new LinkedHashMap<>(optimizer.state());
        all.put(STATE, state);
        return all;
    }

    @Override
    public SequencedMap<String, Parameter> reset(Collection<String> names) {
        state.assign(settings.initial, 0, 0);
        optimizer.reset(names.stream().filter(name -> !name.equals(STATE)).toList());
        return state();
    }

    @Override
    public String description() {
        return optimizer.description() + " loss scale times " + settings.growth + " after " + settings.interval
                + " steps, times " + settings.backoff + " after an overflow";
    }

    @Override
    public void close() {
        optimizer.close();
        state.close();
    }
}
