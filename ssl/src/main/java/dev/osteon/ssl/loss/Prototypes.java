package dev.osteon.ssl.loss;

import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.Bias;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Linear;
import dev.osteon.nn.Module;
import dev.osteon.nn.Parameter;
import java.util.SequencedMap;

/** SwAV's K trainable directions (Caron et al. 2020, section 3.1): a linear layer without bias, weight [K, d]. */
public final class Prototypes implements Module {

    private final Linear linear;

    public Prototypes(Initializer init, int count, int dim) {
        linear = new Linear(init, dim, count, Bias.WITHOUT);
    }

    /** Unit embeddings [N, d] to scores [N, K], cosines as long as the prototypes are of unit length, too. */
    @Override
    public Tensor forward(Tensor embeddings) {
        return linear.forward(embeddings);
    }

    /** Scales each prototype to length 1 in place and off the tape. An optimiser's step makes them longer again. */
    public void normalise() {
        try (TensorScope scope = TensorScope.open()) {
            weight().assign(Tape.paused(() -> Ops.l2Normalize(weight().tensor())));
        }
    }

    public Parameter weight() {
        return linear.weight();
    }

    @Override
    public SequencedMap<String, Parameter> ownParameters() {
        return linear.ownParameters();
    }
}
