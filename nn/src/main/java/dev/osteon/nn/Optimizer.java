package dev.osteon.nn;

import dev.osteon.engine.autograd.Gradients;
import java.util.Collection;
import java.util.SequencedMap;

/** Updates parameters in place. */
public interface Optimizer extends AutoCloseable {

    /** One step. Parameters without a gradient are left alone altogether: no momentum, no weight decay. */
    void step(Gradients gradients, double learningRate);

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
