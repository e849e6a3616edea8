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
 * lists among the initialisers; over axis 1, with gamma and beta [C, 1, 1], it is the same for each pixel's channels.
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
            if (scaled.isPresent() && places(beta, edges) >= 0) {
                for (int k = 0; k < 2; k++) {
                    String gamma = scaled.get().inputs().get(1 - k);
                    Optional<Node> ratio = edges.only(scaled.get().inputs().get(k), "Div");
                    if (ratio.isPresent() && places(gamma, edges) == places(beta, edges)) {
                        return of(last, scaled.get(), ratio.get(), gamma, beta, edges);
                    }
                }
            }
        }
        return Optional.empty();
    }

    /** 0 for a list, 2 for [C, 1, 1]: as many dimensions come after that which is normalised; −1 for others. */
    private static int places(String edge, Edges edges) {
        return edges.initializer(edge).map(t -> t.getDimsCount() == 1 ? 0
                : t.getDimsCount() == 3 && t.getDims(1) == 1 && t.getDims(2) == 1 ? 2 : -1).orElse(-1);
    }

    private static Optional<Replacement> of(Node last, Node scaled, Node ratio, String gamma, String beta,
            Edges edges) {
        boolean channels = places(gamma, edges) == 2;
        long axis = channels ? 1 : -1;
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
                || !isOver(axis, mean.get(), edges) || !isOver(axis, variance.get(), edges)
                || !mean.get().inputs().getFirst().equals(difference.get().inputs().getFirst())) {
            return Optional.empty();
        }
        AttributeProto epsilon = AttributeProto.newBuilder().setName("epsilon")
                .setType(AttributeProto.AttributeType.FLOAT).setF((float) eps.get().reals()[0]).build();
        List<String> operands = List.of(mean.get().inputs().getFirst(), gamma, beta);
        Node norm = new Node(last.name(), channels ? Optimiser.DOMAIN : "",
                channels ? "ChannelNormalization" : "LayerNormalization", operands, last.outputs(),
                new Attributes("LayerNormalization at node " + last.name(), Map.of("epsilon", epsilon)), SINCE);
        return Optional.of(Replacement.of(last, norm, Set.of(last, scaled, ratio, difference.get(), root.get(),
                sum.get(), variance.get(), square.get(), mean.get())));
    }

    private static boolean isOver(long axis, Node mean, Edges edges) {
        return mean.attributes().flag("keepdims", true)
                && edges.axes(mean).filter(axes -> Arrays.equals(axes, new long[] {axis})).isPresent();
    }
}
