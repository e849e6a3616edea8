package dev.osteon.models.onnx;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.Value;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A program without what the model decides by itself, whatever its inputs are; that is computed once and shared by the
 * specialisations for all shapes. Closing it lets go of what was computed.
 *
 * @param steps  what is left to do
 * @param values the edges that were computed, as far as they are read
 * @param known  what is known, without the inputs, of every edge
 */
record Reduced(List<Program.Step> steps, Map<String, Value> values, Map<String, Known> known)
        implements AutoCloseable {

    static Reduced of(Constants constants, OnnxModel.Weights weights, Collection<String> outputs, Device device,
            DType floating) {
        Map<String, Known> known = new HashMap<>();
        constants.parameters().keySet().forEach(name -> known.put(name, weights == OnnxModel.Weights.FROZEN
                ? Known.VALUE : Known.SHAPE));
        constants.arrays().keySet().forEach(name -> known.put(name, Known.VALUE));
        Set<String> decided = Known.decided(constants.steps(), known);
        List<Program.Step> now = constants.steps().stream()
                .filter(step -> step.node().outputs().stream().anyMatch(decided::contains)).toList();
        List<Program.Step> rest = Program.without(decided, constants.steps(), outputs);
        try (TensorScope scope = TensorScope.open();
                Specialisation all = Specialisation.of(now, Map.of(), constants.arrays().values(), decided)) {
            Map<String, Value> edges = new Execution(all, device, floating, constants.edges())
                    .run((step, made) -> { });
            return new Reduced(rest, kept(decided, rest, outputs, edges), known);
        }
    }

    /** Of the edges that are decided those that are still read, out of the reach of scopes. */
    static Map<String, Value> kept(Set<String> decided, List<Program.Step> rest, Collection<String> outputs,
            Map<String, Value> edges) {
        Set<String> read = new HashSet<>(outputs);
        rest.forEach(step -> read.addAll(step.node().inputs()));
        read.retainAll(decided);
        Map<String, Value> kept = new HashMap<>();
        for (String name : read) {
            // an edge may be a parameter itself: what is kept, and closed one day, is another handle on it
            kept.put(name, edges.get(name) instanceof Value.OnDevice(Tensor tensor)
                    ? Value.of(TensorScope.detach(tensor.alias(tensor.spec()))) : edges.get(name));
        }
        return kept;
    }

    @Override
    public void close() {
        values.values().forEach(value -> {
            if (value instanceof Value.OnDevice(Tensor tensor)) {
                tensor.close();
            }
        });
    }
}
