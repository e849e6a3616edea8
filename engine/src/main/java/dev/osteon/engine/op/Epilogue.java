package dev.osteon.engine.op;

import dev.osteon.engine.tensor.Tensor;

/** What a product or a convolution does to each element before it is written: one pass over memory less. */
public enum Epilogue {
    NONE,
    /** max(y, 0). */
    RELU,
    /** y·Φ(y). */
    GELU;

    /** Gradient with respect to y, from that of the result. */
    Tensor gradient(Tensor dy, Tensor y) {
        return switch (this) {
            case NONE -> dy;
            case RELU -> Ops.where(Ops.greater(y, Unary.zeroOf(y)), dy, Unary.zeroOf(dy));
            case GELU -> Ops.mul(dy, Unary.geluSlope(y));
        };
    }
}
