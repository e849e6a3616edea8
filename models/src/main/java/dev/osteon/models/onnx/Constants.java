package dev.osteon.models.onnx;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.graph.TensorReader;
import dev.osteon.models.onnx.proto.Onnx.TensorProto;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import dev.osteon.nn.Parameter;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;

/**
 * What a model brings with it, each stored once: real numbers that are computed with are parameters, everything else
 * lies on the host. A weight may be an initialiser or, as some exporters write it, a Constant node with more than one
 * element.
 *
 * @param steps the program without the Constant nodes that became parameters
 */
record Constants(SequencedMap<String, Parameter> parameters, Map<String, HostArray> arrays,
        List<Program.Step> steps) {

    static Constants of(Graph graph, Program program, Device device, DType floating) {
        Set<String> computedWith = new HashSet<>();
        for (Program.Step step : program.steps()) {
            List<String> inputs = step.node().inputs();
            for (int i = 0; i < inputs.size(); i++) {
                if (!step.entry().structural().contains(i)) {
                    computedWith.add(inputs.get(i));
                }
            }
        }
        graph.outputs().forEach(output -> computedWith.add(output.name()));
        Constants constants = new Constants(new LinkedHashMap<>(), new HashMap<>(), new java.util.ArrayList<>());
        try {
            graph.initializers().forEach((name, tensor) -> constants.add(graph.tensors(), name, tensor,
                    computedWith.contains(name), device, floating));
            for (Program.Step step : program.steps()) {
                if (!constants.tookOver(step.node(), computedWith, device, floating)) {
                    constants.steps.add(step);
                }
            }
            return constants;
        } catch (RuntimeException | Error e) {
            constants.parameters.values().forEach(Parameter::close);
            throw e;
        }
    }

    /** All of them as edges of the graph. */
    Map<String, Value> edges() {
        Map<String, Value> edges = new HashMap<>();
        parameters.forEach((name, parameter) -> edges.put(name, Value.of(parameter.tensor())));
        arrays.forEach((name, array) -> edges.put(name, Value.of(array)));
        return edges;
    }

    private boolean tookOver(Node node, Set<String> computedWith, Device device, DType floating) {
        boolean constant = node.type().equals("Constant") && node.domain().isEmpty() && node.wants(0)
                && node.attributes().all().containsKey("value");
        if (!constant || !computedWith.contains(node.outputs().getFirst())) {
            return false;
        }
        TensorProto tensor = node.attributes().all().get("value").getT();
        String what = "attribute value of " + node.describe();
        ElementType type = TensorReader.type(tensor, what);
        if (!type.isComputed() || TensorReader.shape(tensor, what).size() <= 1) {
            return false;
        }
        add(new TensorReader(Optional.empty()), node.outputs().getFirst(), tensor, true, device, floating);
        return true;
    }

    private void add(TensorReader reader, String name, TensorProto tensor, boolean computedWith, Device device,
            DType floating) {
        String what = "initialiser " + name;
        ElementType type = TensorReader.type(tensor, what);
        if (!type.isComputed() || !computedWith) {
            arrays.put(name, reader.read(tensor, what));
            return;
        }
        Shape shape = TensorReader.shape(tensor, what);
        try (TensorScope scope = TensorScope.open()) {
            Optional<ByteBuffer> raw = type == ElementType.FLOAT && floating == DType.F32
                    ? reader.raw(tensor, type, shape, what) : Optional.empty();
            Tensor values = raw.map(bytes -> Tensor.copyOf(device, TensorSpec.of(shape, DType.F32),
                    MemorySegment.ofBuffer(bytes))).orElseGet(() -> reader.read(tensor, what)
                    .upload(device, floating));
            parameters.put(name, Parameter.of(name, scope.release(values)));
        }
    }
}
