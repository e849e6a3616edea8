package dev.osteon.models.onnx.optimise;

import dev.osteon.models.onnx.graph.Attributes;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.optimise.Optimiser.Replacement;
import dev.osteon.models.onnx.proto.Onnx.AttributeProto;
import dev.osteon.models.onnx.value.HostArray;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * d/√(mean d² + eps)·gamma + beta with d = x − mean x over the last axis is LayerNormalization, when gamma and beta are
 * lists among the initialisers.
 */
record LayerNormRule() implements Optimiser.Rule {

    private static final int SINCE = 17;

    @Override
    public Optional<Replacement> match(Node last, Edges edges) {
        if (!Edges.is(last, "Add")) {
            return Optional.empty();
        }
        for (int i = 0; i < 2; i++) {
            String beta = last.inputs().get(1 - i);
            Optional<Node> scaled = edges.only(last.inputs().get(i), "Mul");
            if (scaled.isPresent() && isList(beta, edges)) {
                for (int k = 0; k < 2; k++) {
                    String gamma = scaled.get().inputs().get(1 - k);
                    Optional<Node> ratio = edges.only(scaled.get().inputs().get(k), "Div");
                    if (ratio.isPresent() && isList(gamma, edges)) {
                        return of(last, scaled.get(), ratio.get(), gamma, beta, edges);
                    }
                }
            }
        }
        return Optional.empty();
    }

    private static boolean isList(String edge, Edges edges) {
        return edges.initializer(edge).filter(t -> t.getDimsCount() == 1).isPresent();
    }

    private static Optional<Replacement> of(Node last, Node scaled, Node ratio, String gamma, String beta,
            Edges edges) {
        String centred = ratio.inputs().getFirst();
        Optional<Node> difference = edges.source(centred, "Sub").filter(n -> edges.readers(centred) == 2);
        Optional<Node> root = edges.only(ratio.inputs().get(1), "Sqrt");
        Optional<Node> sum = root.flatMap(n -> edges.only(n.inputs().getFirst(), "Add"));
        Optional<Node> variance = sum.flatMap(n -> edges.only(n.inputs().getFirst(), "ReduceMean"));
        Optional<HostArray> eps = sum.flatMap(n -> edges.constant(n.inputs().get(1)));
        Optional<Node> square = variance.flatMap(n -> edges.only(n.inputs().getFirst(), "Pow"));
        Optional<Node> mean = difference.flatMap(n -> edges.only(n.inputs().get(1), "ReduceMean"));
        if (square.isEmpty() || mean.isEmpty() || eps.isEmpty() || eps.get().size() != 1
                || !square.get().inputs().getFirst().equals(centred) || !edges.isNear(square.get().inputs().get(1), 2)
                || !isOverLast(mean.get(), edges) || !isOverLast(variance.get(), edges)
                || !mean.get().inputs().getFirst().equals(difference.get().inputs().getFirst())) {
            return Optional.empty();
        }
        AttributeProto epsilon = AttributeProto.newBuilder().setName("epsilon")
                .setType(AttributeProto.AttributeType.FLOAT).setF((float) eps.get().reals()[0]).build();
        Node norm = new Node(last.name(), "", "LayerNormalization",
                List.of(mean.get().inputs().getFirst(), gamma, beta), last.outputs(),
                new Attributes("LayerNormalization at node " + last.name(), Map.of("epsilon", epsilon)), SINCE);
        return Optional.of(new Replacement(norm, Set.of(last, scaled, ratio, difference.get(), root.get(), sum.get(),
                variance.get(), square.get(), mean.get())));
    }

    private static boolean isOverLast(Node mean, Edges edges) {
        return mean.attributes().flag("keepdims", true)
                && edges.axes(mean).filter(axes -> Arrays.equals(axes, new long[] {-1})).isPresent();
    }
}
