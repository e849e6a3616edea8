package dev.osteon.models.onnx.graph;

import java.util.List;

/**
 * One operation of a graph.
 *
 * @param name    for people; made from its first output where the file gives none
 * @param domain  {@code ""} for ONNX's own operations
 * @param inputs  edges by name; {@code ""} where an optional one is left out
 * @param outputs edges by name; {@code ""} where nobody wants one
 * @param opset   version of the domain that the model was written for
 */
public record Node(String name, String domain, String type, List<String> inputs, List<String> outputs,
        Attributes attributes, int opset) {

    public Node {
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
    }

    /** {@code Conv (opset 12) at node layer1/conv}. */
    public String describe() {
        return qualified() + " (opset " + opset + ") at node " + name;
    }

    /** The operation's name, with its domain where that is not ONNX's own. */
    public String qualified() {
        return domain.isEmpty() ? type : domain + "." + type;
    }

    /** Whether output {@code index} is named, so that somebody may read it. */
    public boolean wants(int index) {
        return index < outputs.size() && !outputs.get(index).isEmpty();
    }
}
