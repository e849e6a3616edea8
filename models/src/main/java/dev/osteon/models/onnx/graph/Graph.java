package dev.osteon.models.onnx.graph;

import dev.osteon.models.onnx.proto.Onnx.TensorProto;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * A model as its file describes it, checked: every edge has one source, and nodes stand in an order in which they can
 * be computed.
 *
 * @param source       the file, for messages
 * @param inputs       what a caller gives; initialisers are not among them
 * @param initializers weights and other constants by name, not yet decoded
 * @param opsets       version by domain
 */
public record Graph(String source, List<ValueInfo> inputs, List<ValueInfo> outputs, List<Node> nodes,
        SequencedMap<String, TensorProto> initializers, Map<String, Integer> opsets, TensorReader tensors) {

    public Graph withNodes(List<Node> changed) {
        return new Graph(source, inputs, outputs, changed, initializers, opsets, tensors);
    }

    /** The same graph whose inputs may have any shape. */
    public Graph withFreeInputs() {
        List<ValueInfo> free = inputs.stream().map(i -> new ValueInfo(i.name(), i.type(), i.type().isPresent()
                ? Optional.empty() : i.dims())).toList();
        return new Graph(source, free, outputs, nodes, initializers, opsets, tensors);
    }
}
