package dev.osteon.engine.op;

import dev.osteon.engine.tensor.Tensor;
import java.util.Optional;

/** What a product or a convolution does to each element before it is written: one pass over memory less. */
public enum Epilogue {
    NONE, RELU, GELU;

    /** The function that it is. */
    public Optional<Unary.Function> function() {
        return switch (this) {
            case NONE -> Optional.empty();
            case RELU -> Optional.of(Unary.Function.RELU);
            case GELU -> Optional.of(Unary.Function.GELU);
        };
    }

    /** Gradient with respect to the product y, from that of the result. */
    Tensor gradient(Tensor dy, Tensor y) {
        return switch (this) {
            case NONE -> dy;
            case RELU -> Ops.where(Ops.greater(y, Unary.zeroOf(y)), dy, Unary.zeroOf(dy));
            case GELU -> Ops.mul(dy, Unary.geluSlope(y));
        };
    }
}
