package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.Locale;

/**
 * What is done to a product's or a convolution's elements behind its sums.
 *
 * @param bias     whether one number for each channel is added
 * @param function what the result is given to
 */
record Ending(Bias bias, Epilogue function) {

    static final Ending NONE = new Ending(Bias.NONE, Epilogue.NONE);

    /** Whether there is one. */
    enum Bias { NONE, BY_CHANNEL }

    /** Of an operation whose third operand, if there is one, is the bias. */
    static Ending of(List<Tensor> operands, Epilogue function) {
        return new Ending(operands.size() == 3 ? Bias.BY_CHANNEL : Bias.NONE, function);
    }

    /** The address of the bias among an operation's operands, 0 without. */
    static long biasOf(List<Tensor> operands) {
        return operands.size() == 3 ? operands.get(2).segment().address() : 0;
    }

    boolean hasBias() {
        return bias == Bias.BY_CHANNEL;
    }

    boolean isNone() {
        return equals(NONE);
    }

    /** Empty when there is none: so it can be the end of a shape's text. */
    @Override
    public String toString() {
        return (hasBias() ? " bias" : "")
                + function.function().map(f -> " " + f.name().toLowerCase(Locale.ROOT)).orElse("");
    }
}
