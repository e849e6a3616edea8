package dev.osteon.models.onnx.optimise;

import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.optimise.Optimiser.Replacement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * softmax(q·kᵀ/c + bias)·v with the transpositions around it is one operation. q, k and v are [N, tokens, heads, size];
 * the factor or divisor c may be anywhere before the softmax, and be computed from shapes.
 */
record AttentionRule() implements Optimiser.Rule {

    private static final long[] HEADS_FIRST = {0, 2, 1, 3};
    private static final long[] TRANSPOSED = {0, 2, 3, 1};

    /** What has been found so far; the scale is {@code factor}·, or with {@code divides} ·1/{@code factor}. */
    private record Scaled(String edge, String factor, boolean divides, Set<Node> gone) {}

    @Override
    public Optional<Replacement> match(Node last, Edges edges) {
        if (!Edges.is(last, "Transpose") || !permutes(last, HEADS_FIRST)) {
            return Optional.empty();
        }
        String product = last.inputs().getFirst();
        return edges.source(product, "MatMul")
                .filter(n -> edges.readers(product, "Shape") + 1 == edges.readers(product))
                .flatMap(n -> match(last, n, edges));
    }

    private static Optional<Replacement> match(Node last, Node product, Edges edges) {
        Optional<Node> softmax = edges.only(product.inputs().get(0), "Softmax")
                .filter(s -> s.opset() >= 13 && s.attributes().integer("axis", -1) == -1
                        || s.attributes().integer("axis", s.opset() >= 13 ? -1 : 1) == 3);
        Optional<Node> v = transposed(product.inputs().get(1), HEADS_FIRST, edges);
        if (softmax.isEmpty() || v.isEmpty()) {
            return Optional.empty();
        }
        Set<Node> gone = new HashSet<>(List.of(last, product, softmax.get(), v.get()));
        String scores = softmax.get().inputs().getFirst();
        String bias = "";
        Optional<Node> sum = edges.only(scores, "Add");
        if (sum.isPresent()) {
            int side = isScores(sum.get().inputs().get(0), edges) ? 0 : 1;
            gone.add(sum.get());
            scores = sum.get().inputs().get(side);
            bias = sum.get().inputs().get(1 - side);
        }
        return rest(last, product, scores, bias, v.get(), gone, edges);
    }

    private static Optional<Replacement> rest(Node last, Node values, String scores, String bias, Node v,
            Set<Node> gone, Edges edges) {
        Scaled outer = scaled(scores, edges).orElse(new Scaled(scores, "", false, Set.of()));
        Optional<Node> product = edges.only(outer.edge(), "MatMul");
        if (product.isEmpty()) {
            return Optional.empty();
        }
        Scaled inner = outer.factor().isEmpty() ? scaled(product.get().inputs().get(0), edges)
                .orElse(new Scaled(product.get().inputs().get(0), "", false, Set.of()))
                : new Scaled(product.get().inputs().get(0), outer.factor(), outer.divides(), Set.of());
        Optional<Node> q = transposed(inner.edge(), HEADS_FIRST, edges);
        Optional<Node> k = transposed(product.get().inputs().get(1), TRANSPOSED, edges);
        if (q.isEmpty() || k.isEmpty()) {
            return Optional.empty();
        }
        gone.addAll(outer.gone());
        gone.addAll(inner.gone());
        gone.addAll(List.of(product.get(), q.get(), k.get()));
        List<String> inputs = new ArrayList<>();
        for (Node operand : List.of(q.get(), k.get(), v)) {
            inputs.add(operand.inputs().getFirst());
        }
        inputs.addAll(List.of(bias, inner.factor()));
        Node attention = new Node(values.name(), Optimiser.DOMAIN, "Attention", inputs, last.outputs(),
                last.attributes().with("scale", inner.divides() ? "divisor" : "factor"), 1);
        List<Node> nodes = edges.readers(values.outputs().getFirst()) == 1 ? List.of(attention)
                : List.of(attention, new Node(last.name(), "", "Transpose", last.outputs(), values.outputs(),
                        last.attributes(), last.opset()));       // its own inverse: for those who ask for the shape
        return Optional.of(new Replacement(nodes, values, gone));
    }

    private static boolean isScores(String edge, Edges edges) {
        return edges.only(scaled(edge, edges).map(Scaled::edge).orElse(edge), "MatMul").isPresent();
    }

    /** A product with, or a quotient by, what has one element: known, or made of shapes alone. */
    private static Optional<Scaled> scaled(String edge, Edges edges) {
        Optional<Node> mul = edges.only(edge, "Mul");
        if (mul.isPresent()) {
            for (int i = 0; i < 2; i++) {
                if (edges.isScalar(mul.get().inputs().get(i))) {
                    return Optional.of(new Scaled(mul.get().inputs().get(1 - i), mul.get().inputs().get(i), false,
                            Set.of(mul.get())));
                }
            }
        }
        return edges.only(edge, "Div").filter(div -> edges.isScalar(div.inputs().get(1)))
                .map(div -> new Scaled(div.inputs().get(0), div.inputs().get(1), true, Set.of(div)));
    }

    private static Optional<Node> transposed(String edge, long[] order, Edges edges) {
        return edges.only(edge, "Transpose").filter(node -> permutes(node, order));
    }

    private static boolean permutes(Node transpose, long[] order) {
        return transpose.attributes().integers("perm").filter(p -> Arrays.equals(p, order)).isPresent();
    }
}
