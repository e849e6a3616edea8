package dev.osteon.models.onnx;

import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.op.Entry;
import dev.osteon.models.onnx.op.OpTable;
import dev.osteon.models.onnx.value.NotSupportedException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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

    /** The steps that are left when some edges are known: those that the outputs need, and that make none of these. */
    static List<Step> without(Set<String> known, List<Step> steps, Collection<String> outputs) {
        Set<String> read = new HashSet<>(outputs);
        List<Step> rest = new ArrayList<>();
        for (Step step : steps.reversed()) {
            List<String> made = step.node().outputs();
            if (made.stream().noneMatch(known::contains) && made.stream().anyMatch(read::contains)) {
                read.addAll(step.node().inputs());
                rest.add(step);
            }
        }
        return rest.reversed();
    }

    private static String reason(Node node) {
        return node.attributes().hasGraphs() ? "is control flow, which is not supported" : "is not supported";
    }
}
