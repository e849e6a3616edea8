package dev.osteon.models.onnx.optimise;

import dev.osteon.models.onnx.graph.Attributes;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.optimise.Optimiser.Replacement;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** x·W + b with a matrix W and a list b of its width among the initialisers is one product with a bias. */
record LinearRule() implements Optimiser.Rule {

    @Override
    public Optional<Replacement> match(Node last, Edges edges) {
        if (!Edges.is(last, "Add") || last.inputs().size() != 2) {
            return Optional.empty();
        }
        for (int i = 0; i < 2; i++) {
            String bias = last.inputs().get(1 - i);
            Optional<Node> product = edges.only(last.inputs().get(i), "MatMul").filter(n -> fits(n, bias, edges));
            if (product.isPresent()) {
                List<String> inputs = List.of(product.get().inputs().get(0), product.get().inputs().get(1), bias);
                Node linear = new Node(last.name(), Optimiser.DOMAIN, "Linear", inputs, last.outputs(),
                        new Attributes("Linear at node " + last.name(), Map.of()), 1);
                return Optional.of(Replacement.of(last, linear, Set.of(last, product.get())));
            }
        }
        return Optional.empty();
    }

    private static boolean fits(Node product, String bias, Edges edges) {
        return edges.initializer(product.inputs().get(1)).filter(w -> w.getDimsCount() == 2)
                .flatMap(w -> edges.initializer(bias).filter(b -> b.getDimsCount() == 1
                        && b.getDims(0) == w.getDims(1))).isPresent();
    }
}
