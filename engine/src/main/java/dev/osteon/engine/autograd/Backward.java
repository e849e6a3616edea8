package dev.osteon.engine.autograd;

import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.function.Supplier;

/** What an operation's gradient rule sees: saved values, upstream gradients, and where to put its results. */
public interface Backward {

    /** Operand {@code index}; it must be named by the operation's {@code saves()}. */
    Tensor input(int index);

    /** Result {@code index}; it must be named by the operation's {@code saves()}. */
    Tensor output(int index);

    TensorSpec inputSpec(int index);

    TensorSpec outputSpec(int index);

    /** Number of operands. */
    int inputs();

    /** Gradient of the loss with respect to result {@code index}; zeros when nothing depended on it. */
    Tensor upstream(int index);

    /** Gradient with respect to the first result. */
    default Tensor upstream() {
        return upstream(0);
    }

    /** Whether anything wants the gradient of operand {@code index}. */
    boolean needs(int index);

    /** Gives operand {@code index} its gradient; {@code gradient} is asked only when it is needed. */
    void to(int index, Supplier<Tensor> gradient);

    /**
     * The same with a second way to compute the gradient: in place, onto what has come for the operand before. It is
     * taken where nobody else holds that memory.
     *
     * @param onto     an operation without results, which adds the gradient to its last operand
     * @param operands those before the last
     */
    void to(int index, Supplier<Tensor> gradient, Op onto, Tensor... operands);
}
