package dev.osteon.nn;

import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.Optional;
import java.util.SequencedMap;

/** y = x·weightᵀ + bias with weight [out, in] and bias [out], both drawn uniformly within ±1/√in, as PyTorch does. */
public final class Linear implements Module {

    private final String path;
    private final Parameter weight;
    private final Optional<Parameter> bias;

    public Linear(Initializer init, int in, int out, Bias bias) {
        path = init.path();
        double bound = 1 / Math.sqrt(in);
        weight = init.uniform("weight", Shape.of(out, in), bound);
        this.bias = bias == Bias.WITH ? Optional.of(init.uniform("bias", Shape.of(out), bound)) : Optional.empty();
    }

    /** x [..., in] to [..., out]. */
    @Override
    public Tensor forward(Tensor x) {
        try (Span span = Span.open(Span.Kind.MODULE, path)) {
            return bias.map(b -> Ops.linear(x, weight.tensor(), b.tensor()))
                    .orElseGet(() -> Ops.linear(x, weight.tensor()));
        }
    }

    /** The weight [out, in]: prototypes are normalised in place. */
    public Parameter weight() {
        return weight;
    }

    @Override
    public SequencedMap<String, Parameter> ownParameters() {
        SequencedMap<String, Parameter> own = new LinkedHashMap<>();
        own.put("weight", weight);
        bias.ifPresent(b -> own.put("bias", b));
        return own;
    }
}
