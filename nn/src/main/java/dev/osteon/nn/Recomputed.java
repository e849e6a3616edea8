package dev.osteon.nn;

import dev.osteon.engine.autograd.Recomputation;
import dev.osteon.engine.tensor.Tensor;
import java.util.SequencedMap;

/**
 * A module of whose forward pass only the operand is kept for the backward pass, which runs it again ({@link
 * Recomputation}): less memory for more work. Names, parameters and results are the module's own.
 */
public record Recomputed(Module module) implements Module {

    @Override
    public Tensor forward(Tensor x) {
        return Recomputation.of(module::forward, x);
    }

    @Override
    public SequencedMap<String, Module> children() {
        return module.children();
    }

    @Override
    public SequencedMap<String, Parameter> ownParameters() {
        return module.ownParameters();
    }

    @Override
    public SequencedMap<String, Parameter> ownBuffers() {
        return module.ownBuffers();
    }

    @Override
    public void mode(Mode mode) {
        module.mode(mode);
    }

    @Override
    public String architecture() {
        return module.architecture();
    }

    @Override
    public void close() {
        module.close();
    }
}
