package dev.osteon.nn;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Collection;
import java.util.Optional;
import java.util.SequencedMap;

/** Updates parameters in place. */
public interface Optimizer extends AutoCloseable {

    /** One step. Parameters without a gradient are left alone altogether: no momentum, no weight decay. */
    default void step(Gradients gradients, double learningRate) {
        try (TensorScope _ = TensorScope.open()) {
            gradients.all().stream().findFirst().ifPresent(g -> step(gradients,
                    Tensor.of(g.device(), Shape.of(1), g.dtype(), learningRate), Optional.empty()));
        }
    }

    /**
     * One step, unless the gradients have overflowed.
     *
     * @param learningRate one element of the parameters' type, on their device: what is recorded to be queued again
     *                     reads it there
     * @param lossScale    the state of a loss scale, which says so; see {@link dev.osteon.engine.op.UnscaleGradients}
     */
    void step(Gradients gradients, Tensor learningRate, Optional<Tensor> lossScale);

    /** What the gradients given to a step are to be multiplied by, one element; empty for the loss's own gradients. */
    default Optional<Tensor> lossScale() {
        return Optional.empty();
    }

    /** Momentum buffers by parameter name, of the parameters that have had a gradient so far. */
    SequencedMap<String, Parameter> state();

    /**
     * Drops all state and makes zeroed buffers for the parameters named, to be filled from a checkpoint.
     *
     * @throws dev.osteon.engine.EngineException for a name that is none of its parameters'
     */
    SequencedMap<String, Parameter> reset(Collection<String> names);

    /** Its name and settings in one line, for checkpoints and reports. */
    String description();

    /** Frees the state; the parameters belong to their module. */
    @Override
    void close();
}
