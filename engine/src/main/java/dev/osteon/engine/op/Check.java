package dev.osteon.engine.op;

import dev.osteon.engine.ShapeException;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** What {@code infer} methods demand of their operands. */
final class Check {

    private Check() {}

    static void count(Op op, List<TensorSpec> inputs, int least, int most) {
        if (inputs.size() < least || inputs.size() > most) {
            throw new ShapeException(op.name(), inputs.size() + " operands",
                    least == most ? least + "" : least + " to " + most);
        }
    }

    static void that(boolean holds, Op op, List<TensorSpec> inputs, String expected) {
        if (!holds) {
            throw new ShapeException(op.name(), inputs + " with " + op, expected);
        }
    }

    static void rank(Op op, List<TensorSpec> inputs, int operand, int rank) {
        that(inputs.get(operand).rank() == rank, op, inputs, "operand " + operand + " of rank " + rank);
    }

    /** All operands floating and of one type. */
    static DType floating(Op op, List<TensorSpec> inputs) {
        DType type = inputs.getFirst().dtype();
        for (TensorSpec input : inputs) {
            that(input.dtype().isFloating() && input.dtype() == type, op, inputs,
                    "floating operands of one type; cast them first");
        }
        return type;
    }
}
