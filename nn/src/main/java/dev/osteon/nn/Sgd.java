package dev.osteon.nn;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.tensor.Tensor;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;

/** Stochastic gradient descent with momentum and coupled weight decay, as torch.optim.SGD with dampening 0. */
public final class Sgd implements Optimizer {

    private final double momentum;
    private final SgdStep.Nesterov nesterov;
    private final MomentumBuffers buffers;

    public Sgd(List<ParameterGroup> groups, double momentum, SgdStep.Nesterov nesterov) {
        this.momentum = momentum;
        this.nesterov = nesterov;
        buffers = new MomentumBuffers(groups);
    }

    /** All parameters of a network in one group, without Nesterov's look-ahead. */
    public static Sgd of(Module module, double momentum, double weightDecay) {
        return new Sgd(List.of(ParameterGroup.of(module, weightDecay)), momentum, SgdStep.Nesterov.NO);
    }

    @Override
    public void step(Gradients gradients, Tensor learningRate, Optional<Tensor> lossScale) {
        buffers.step(gradients, learningRate, lossScale,
                group -> new SgdStep(momentum, group.weightDecay(), nesterov));
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
        return "sgd momentum " + momentum + (nesterov == SgdStep.Nesterov.YES ? " nesterov" : "");
    }

    @Override
    public void close() {
        buffers.close();
    }
}
