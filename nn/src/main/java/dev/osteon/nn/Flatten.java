package dev.osteon.nn;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Tensor;

/** [N, C, ...] to [N, C·…]. */
public record Flatten() implements Module {

    @Override
    public Tensor forward(Tensor x) {
        return Ops.reshape(x, x.dim(0), -1);
    }
}
