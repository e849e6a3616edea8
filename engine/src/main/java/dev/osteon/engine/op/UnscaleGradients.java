package dev.osteon.engine.op;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Divides gradients by the loss scale, in place, and notes whether one of their elements is infinite or not a number
 * (Micikevicius et al. 2018, section 3.2). Operands: the loss
 * scale's state [{@value #STATE}], then the gradients.
 */
public record UnscaleGradients() implements Op {

    /**
     * Elements of a loss scale's state, a tensor of float32 (float64 on the reference backend): the scale, the steps
     * since it last changed, and 1 when the gradients at hand have overflowed, otherwise 0.
     */
    public static final int STATE = 3;
    /** Where the state says that gradients have overflowed. */
    public static final int OVERFLOW = 2;

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.that(!inputs.isEmpty(), this, inputs, "a loss scale's state and gradients");
        stateFits(this, inputs.getFirst());
        return List.of();
    }

    static void stateFits(Op op, TensorSpec state) {
        Check.that(state.shape().equals(Shape.of(STATE)) && (state.dtype() == DType.F32 || state.dtype() == DType.F64),
                op, List.of(state), "a loss scale's state f32[" + STATE + "]");
    }

    @Override
    public boolean differentiable() {
        return false;
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return new Cost(inputs.stream().mapToDouble(s -> s.shape().size()).sum(), 2 * Cost.traffic(inputs, List.of()));
    }

    @Override
    public Precision precision() {
        return Precision.KEEP;
    }
}
