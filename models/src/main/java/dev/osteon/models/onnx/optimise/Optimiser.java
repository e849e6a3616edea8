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

    /** Where operations live that only this optimiser writes. */
    public static final String DOMAIN = "dev.osteon";

    private Optimiser() {}

    /** Finds a pattern that ends in a node. */
    @FunctionalInterface
    interface Rule {
        Optional<Replacement> match(Node last, Edges edges);
    }

    /**
     * What a pattern becomes.
     *
     * @param nodes compute what of the pattern is read elsewhere
     * @param at    the pattern's node in whose place they come
     * @param gone  the pattern's nodes, which nobody else reads
     */
    record Replacement(List<Node> nodes, Node at, Set<Node> gone) {

        /** One node that computes what the pattern's last one did. */
        static Replacement of(Node last, Node node, Set<Node> gone) {
            return new Replacement(List.of(node), last, gone);
        }
    }

    /** The graph with every pattern replaced that is found; {@link Graph#withOutputs} first lets more be found. */
    public static Graph optimised(Graph graph) {
        Graph folded = BatchNormFolding.folded(graph);
        for (Rule rule : List.<Rule>of(new GeluRule(), new LayerNormRule(), new LinearRule(),
                new EpilogueRule(), new AttentionRule(), new TokensRule())) {
            folded = apply(rule, folded);
        }
        return folded;
    }

    private static Graph apply(Rule rule, Graph graph) {
        Edges edges = new Edges(graph);
        Map<Node, List<Node>> changes = new IdentityHashMap<>();
        for (Node node : graph.nodes()) {
            rule.match(node, edges).filter(r -> r.gone().stream().noneMatch(changes::containsKey)).ifPresent(r -> {
                r.gone().forEach(gone -> changes.put(gone, List.of()));
                changes.put(r.at(), r.nodes());
            });
        }
        List<Node> nodes = new ArrayList<>();
        graph.nodes().forEach(node -> nodes.addAll(changes.getOrDefault(node, List.of(node))));
        return graph.withNodes(nodes);
    }
}
