package dev.osteon.nn;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.tensor.Tensor;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Momentum SGD with layer-wise adaptive rate control (You et al. 2017), with the semantics of NVIDIA apex's LARC: see
 * {@link LarcStep}. Every tensor is adapted, biases and batch-norm parameters included; apex has no exclusion list.
 */
public final class Larc implements Optimizer {

    private final Settings settings;
    private final MomentumBuffers buffers;

    /**
     * What LARC adds to SGD.
     *
     * @param momentum of the inner SGD
     * @param trust    apex's trust_coefficient: 0.02 there, 0.001 in SwAV
     * @param eps      in the denominator
     * @param mode     CLIP is apex's default; SwAV uses SCALE
     */
    public record Settings(double momentum, double trust, double eps, LarcStep.Mode mode) {

        /** SwAV's: momentum 0.9, trust 0.001, no clipping. */
        public static final Settings SWAV = new Settings(0.9, 0.001, 1e-8, LarcStep.Mode.SCALE);

        /** apex's defaults: momentum 0.9, trust 0.02, clipping. */
        public static final Settings APEX = new Settings(0.9, 0.02, 1e-8, LarcStep.Mode.CLIP);
    }

    public Larc(List<ParameterGroup> groups, Settings settings) {
        this.settings = settings;
        buffers = new MomentumBuffers(groups);
    }

    /** All parameters of a network in one group. */
    public static Larc of(Module module, double weightDecay, Settings settings) {
        return new Larc(List.of(ParameterGroup.of(module, weightDecay)), settings);
    }

    @Override
    public void step(Gradients gradients, Tensor learningRate, Optional<Tensor> lossScale) {
        buffers.step(gradients, learningRate, lossScale, group -> new LarcStep(settings.momentum, group.weightDecay(),
                settings.trust, settings.eps, settings.mode));
    }

    @Override
    public SequencedMap<String, Parameter> state() {
        return buffers.state();
    }

    @Override
    public SequencedMap<String, Parameter> reset(Collection<String> names) {
        return buffers.reset(names);
    }

    @Override
    public String description() {
        return "larc momentum " + settings.momentum + " trust " + settings.trust + " eps " + settings.eps + " "
                + settings.mode.name().toLowerCase(java.util.Locale.ROOT);
    }

    @Override
    public void close() {
        buffers.close();
    }
}
