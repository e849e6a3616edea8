package dev.osteon.nn;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** Layer normalisation over the last dimensions (Ba et al. 2016); gamma starts at 1, beta at 0. */
public final class LayerNorm implements Module {

    private final dev.osteon.engine.op.LayerNorm op;
    private final String path;
    private final Parameter weight;
    private final Parameter bias;

    /** @param normalised sizes of the last dimensions, which are normalised together */
    public LayerNorm(Initializer init, Shape normalised, double eps) {
        path = init.path();
        op = new dev.osteon.engine.op.LayerNorm(normalised.rank(), eps);
        weight = init.constant("weight", normalised, 1);
        bias = init.constant("bias", normalised, 0);
    }

    @Override
    public Tensor forward(Tensor x) {
        try (TensorScope scope = TensorScope.open(); Span span = Span.open(Span.Kind.MODULE, path)) {
            return scope.keep(Dispatcher.runAll(op, List.of(x, weight.tensor(), bias.tensor())).getFirst());
        }
    }

    @Override
    public SequencedMap<String, Parameter> ownParameters() {
        SequencedMap<String, Parameter> own = new LinkedHashMap<>();
        own.put("weight", weight);
        own.put("bias", bias);
        return own;
    }
}
