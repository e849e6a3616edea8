package dev.osteon.models.onnx.graph;

import dev.osteon.models.onnx.proto.Onnx.TensorProto;
import dev.osteon.models.onnx.value.OnnxException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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

    /**
     * The part of it that some outputs need.
     *
     * @throws OnnxException naming one that the graph does not have
     */
    public Graph withOutputs(Set<String> wanted) {
        List<ValueInfo> kept = outputs.stream().filter(output -> wanted.contains(output.name())).toList();
        if (kept.size() < wanted.size()) {
            throw new OnnxException(source + ": given outputs " + wanted + " to keep; expected some of " + outputs);
        }
        Set<String> read = new HashSet<>(wanted);
        List<Node> needed = new ArrayList<>();
        for (Node node : nodes.reversed()) {
            if (node.outputs().stream().anyMatch(read::contains)) {
                read.addAll(node.inputs());
                needed.add(node);
            }
        }
        return new Graph(source, inputs, kept, needed.reversed(), initializers, opsets, tensors);
    }

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
