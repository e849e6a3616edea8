package dev.osteon.models.onnx.optimise;

import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.Node;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Rewrites of a graph that leave its results as they are: patterns of small operations become the one that they mean.
 * Parameters keep their names; only a folded batch-norm has none of its own any more.
 */
public final class Optimiser {

    private Optimiser() {}

    /** Finds a pattern that ends in a node. */
    @FunctionalInterface
    interface Rule {
        Optional<Replacement> match(Node last, Edges edges);
    }

    /**
     * What a pattern becomes.
     *
     * @param node  computes what the pattern's last node did
     * @param gone  the pattern's nodes, which nobody else reads, with the last one
     */
    record Replacement(Node node, Set<Node> gone) {}

    /** The graph with every pattern replaced that is found. */
    public static Graph optimised(Graph graph) {
        Graph folded = BatchNormFolding.folded(graph);
        for (Rule rule : List.<Rule>of(new GeluRule(), new LayerNormRule(), new LinearRule())) {
            folded = apply(rule, folded);
        }
        return folded;
    }

    private static Graph apply(Rule rule, Graph graph) {
        Edges edges = new Edges(graph);
        Map<Node, Optional<Node>> changes = new IdentityHashMap<>();
        for (Node node : graph.nodes()) {
            rule.match(node, edges).filter(r -> r.gone().stream().noneMatch(changes::containsKey)).ifPresent(r -> {
                r.gone().forEach(gone -> changes.put(gone, Optional.empty()));
                changes.put(node, Optional.of(r.node()));
            });
        }
        List<Node> nodes = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (changes.containsKey(node)) {
                changes.get(node).ifPresent(nodes::add);
            } else {
                nodes.add(node);
            }
        }
        return graph.withNodes(nodes);
    }
}
