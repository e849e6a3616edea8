package dev.osteon.nn;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Tensor;

/** max(x, 0). */
public record Relu() implements Module {

    @Override
    public Tensor forward(Tensor x) {
        return Ops.relu(x);
    }
}
