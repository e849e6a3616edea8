package dev.osteon.models.onnx.optimise;

import dev.osteon.models.onnx.graph.Attributes;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.optimise.Optimiser.Replacement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** ½·x·(1 + erf(x/√2)), the three factors in any order, is Gelu. */
record GeluRule() implements Optimiser.Rule {

    private static final int SINCE = 20;

    @Override
    public Optional<Replacement> match(Node last, Edges edges) {
        if (!Edges.is(last, "Mul")) {
            return Optional.empty();
        }
        for (int i = 0; i < 2; i++) {
            String other = last.inputs().get(1 - i);
            Optional<Node> inner = edges.only(last.inputs().get(i), "Mul");
            if (inner.isPresent()) {
                List<String> factors = new ArrayList<>(inner.get().inputs());
                factors.add(other);
                Optional<Replacement> found = of(last, inner.get(), factors, edges);
                if (found.isPresent()) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<Replacement> of(Node last, Node inner, List<String> factors, Edges edges) {
        Optional<String> half = factors.stream().filter(f -> edges.isNear(f, 0.5)).findFirst();
        Optional<Node> sum = factors.stream().flatMap(f -> edges.only(f, "Add").stream()).findFirst();
        if (half.isEmpty() || sum.isEmpty()) {
            return Optional.empty();
        }
        factors.remove(half.get());
        factors.remove(sum.get().outputs().getFirst());
        Optional<Node> erf = sum.get().inputs().stream().flatMap(f -> edges.only(f, "Erf").stream()).findFirst();
        boolean one = sum.get().inputs().stream().anyMatch(f -> edges.isNear(f, 1));
        Optional<Node> scaled = erf.flatMap(e -> edges.only(e.inputs().getFirst(), "Div")
                .filter(d -> edges.isNear(d.inputs().get(1), Math.sqrt(2)))
                .or(() -> edges.only(e.inputs().getFirst(), "Mul")
                        .filter(m -> m.inputs().stream().anyMatch(f -> edges.isNear(f, Math.sqrt(0.5))))));
        String x = factors.getFirst();
        if (!one || scaled.isEmpty() || !scaled.get().inputs().contains(x)) {
            return Optional.empty();
        }
        Node gelu = new Node(last.name(), "", "Gelu", List.of(x), last.outputs(),
                new Attributes("Gelu at node " + last.name(), Map.of()), SINCE);
        return Optional.of(Replacement.of(last, gelu, Set.of(last, inner, sum.get(), erf.get(), scaled.get())));
    }
}
