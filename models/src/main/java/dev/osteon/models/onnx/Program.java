package dev.osteon.models.onnx;

import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.op.Entry;
import dev.osteon.models.onnx.op.OpTable;
import dev.osteon.models.onnx.value.NotSupportedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A graph's nodes with how each is done. */
record Program(List<Step> steps) {

    /** A node with its entry in the table. */
    record Step(Node node, Entry entry) {}

    /**
     * Finds every node's entry.
     *
     * @throws NotSupportedException naming operation, opset and node of the first that has none
     */
    static Program of(Graph graph) {
        List<Step> steps = new ArrayList<>();
        for (Node node : graph.nodes()) {
            Optional<Entry> entry = OpTable.standard().find(node);
            if (entry.isEmpty() || node.attributes().hasGraphs()) {
                throw new NotSupportedException(graph.source() + ": " + node.describe() + " " + reason(node)
                        + "; osteon onnx inspect lists all that is not supported");
            }
            steps.add(new Step(node, entry.get()));
        }
        return new Program(List.copyOf(steps));
    }

    /** The nodes of a graph that cannot be done. */
    static List<Node> unsupported(Graph graph) {
        return graph.nodes().stream().filter(n -> OpTable.standard().find(n).isEmpty() || n.attributes().hasGraphs())
                .toList();
    }

    private static String reason(Node node) {
        return node.attributes().hasGraphs() ? "is control flow, which is not supported" : "is not supported";
    }
}
