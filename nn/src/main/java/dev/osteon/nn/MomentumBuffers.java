package dev.osteon.nn;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.StepOperands;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.function.Function;

/** What {@link Sgd} and {@link Larc} share: groups, a momentum buffer per parameter, one operation per group. */
final class MomentumBuffers {

    private final List<ParameterGroup> groups;
    private final SequencedMap<String, Parameter> parameters = new LinkedHashMap<>();
    private final SequencedMap<String, Parameter> buffers = new LinkedHashMap<>();

    MomentumBuffers(List<ParameterGroup> groups) {
        this.groups = List.copyOf(groups);
        for (ParameterGroup group : groups) {
            group.parameters().forEach((name, parameter) -> {
                if (parameters.put(name, parameter) != null) {
                    throw new EngineException("optimiser: parameter " + name
                            + " is in two groups; expected it in one; the groups must not overlap");
                }
            });
        }
    }

    void step(Gradients gradients, Tensor learningRate, Optional<Tensor> lossScale, Function<ParameterGroup, Op> op) {
        try (TensorScope _ = TensorScope.open(); Span phase = Span.open(Span.Kind.PHASE, "optimizer")) {
            for (ParameterGroup group : groups) {
                List<Tensor> triples = new ArrayList<>();
                group.parameters().forEach((name, parameter) -> gradients.find(parameter.tensor())
                        .ifPresent(gradient -> triples.addAll(List.of(parameter.tensor(), gradient, buffer(name)))));
                if (!triples.isEmpty()) {
                    Dispatcher.runAll(op.apply(group), new StepOperands(triples, learningRate, lossScale).inOrder());
                }
            }
        }
    }

    private Tensor buffer(String name) {
        return buffers.computeIfAbsent(name, n -> Parameter.zerosLike(n, parameters.get(n))).tensor();
    }

    SequencedMap<String, Parameter> state() {
        return Collections.unmodifiableSequencedMap(buffers);
    }

    SequencedMap<String, Parameter> reset(Collection<String> names) {
        for (String name : names) {
            if (!parameters.containsKey(name)) {
                throw new EngineException("optimiser state: given a momentum buffer for " + name
                        + "; expected names of this optimiser's parameters, as " + parameters.firstEntry().getKey()
                        + "; the checkpoint is of another architecture");
            }
        }
        close();
        names.forEach(this::buffer);
        return state();
    }

    void close() {
        buffers.values().forEach(Parameter::close);
        buffers.clear();
    }
}
