package dev.osteon.ssl.loss;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;

/** What all losses do with what they are given first. */
final class Embeddings {

    private Embeddings() {}

    /** At temperature 0.07 logits reach ±14: 16-bit embeddings are widened before anything is computed. */
    static Tensor full(Tensor z) {
        return z.dtype().isLow() ? z.to(DType.F32) : z;
    }
}
