package dev.osteon.nn;

import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.Function;

/**
 * A part of a network. Composite modules name their {@link #children}; the full names of parameters and buffers are
 * those names joined by dots, in the order and spelling of PyTorch and torchvision ({@code layer1.0.bn1.weight}).
 * A module without parameters may be a lambda.
 */
@FunctionalInterface
public interface Module extends AutoCloseable {

    /** The result, in the innermost {@code TensorScope} of the caller; intermediates are closed on return. */
    Tensor forward(Tensor x);

    /** Direct parts by name, in torchvision's order. */
    default SequencedMap<String, Module> children() {
        return new LinkedHashMap<>();
    }

    /** Parameters that this module holds itself, by local name: {@code weight}, {@code bias}. */
    default SequencedMap<String, Parameter> ownParameters() {
        return new LinkedHashMap<>();
    }

    /** State that is saved but not trained, by local name: {@code running_mean}, {@code running_var}. */
    default SequencedMap<String, Parameter> ownBuffers() {
        return new LinkedHashMap<>();
    }

    /** All parameters of the tree by full name. */
    default LinkedHashMap<String, Parameter> parameters() {
        LinkedHashMap<String, Parameter> all = new LinkedHashMap<>();
        collect(this, "", Module::ownParameters, all);
        return all;
    }

    /** All buffers of the tree by full name. */
    default LinkedHashMap<String, Parameter> buffers() {
        LinkedHashMap<String, Parameter> all = new LinkedHashMap<>();
        collect(this, "", Module::ownBuffers, all);
        return all;
    }

    private static void collect(Module module, String prefix, Function<Module, SequencedMap<String, Parameter>> own,
            LinkedHashMap<String, Parameter> into) {
        own.apply(module).forEach((name, parameter) -> into.put(prefix + name, parameter));
        module.children().forEach((name, child) -> collect(child, prefix + name + ".", own, into));
    }

    /** The parameters' tensors, for {@code Tape.watching} and {@code Tape.gradients}. */
    default List<Tensor> trainable() {
        List<Tensor> tensors = new ArrayList<>();
        parameters().values().forEach(parameter -> tensors.add(parameter.tensor()));
        return tensors;
    }

    /** Sets the mode of the whole tree. */
    default void mode(Mode mode) {
        children().values().forEach(child -> child.mode(mode));
    }

    /** What this network is, for checkpoints and error messages: {@code resnet50(channels 1)}. */
    default String architecture() {
        return getClass().getSimpleName();
    }

    /** Frees the parameters and buffers of the whole tree. */
    @Override
    default void close() {
        ownParameters().values().forEach(Parameter::close);
        ownBuffers().values().forEach(Parameter::close);
        children().values().forEach(Module::close);
    }
}
