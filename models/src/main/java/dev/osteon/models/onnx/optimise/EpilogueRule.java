package dev.osteon.models.onnx.optimise;

import dev.osteon.engine.op.Epilogue;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.optimise.Optimiser.Replacement;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Gelu and Relu right after a linear layer or a convolution are its epilogue. */
record EpilogueRule() implements Optimiser.Rule {

    private static final Map<String, Epilogue> FUNCTIONS = Map.of("Gelu", Epilogue.GELU, "Relu", Epilogue.RELU);

    @Override
    public Optional<Replacement> match(Node last, Edges edges) {
        Epilogue epilogue = FUNCTIONS.get(last.type());
        boolean exact = epilogue != null && Edges.is(last, last.type())
                && last.attributes().text("approximate", "none").equals("none");
        if (!exact) {
            return Optional.empty();
        }
        String x = last.inputs().getFirst();
        Optional<Node> product = edges.only(x, "Conv").or(() -> edges.only(x, "Gemm"))
                .or(() -> edges.only(x, "ConvTranspose"))
                .or(() -> edges.own(x, "Linear").filter(n -> edges.readers(x) == 1));
        return product.map(p -> Replacement.of(last, new Node(p.name(), p.domain(), p.type(), p.inputs(),
                last.outputs(), p.attributes().with(Epilogue.class.getName(), epilogue.name()), p.opset()),
                Set.of(last, p)));
    }
}
