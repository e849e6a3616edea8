package dev.osteon.engine.conformance;

import dev.osteon.engine.op.Op;
import java.util.List;

/**
 * One way to run an operation, for checking its gradient and comparing backends.
 *
 * @param tolerance float32 error allowed relative to the largest magnitude of the result
 */
public record OpSample(String name, Op op, List<Operand> operands, double tolerance) {

    public static OpSample of(String name, Op op, Operand... operands) {
        return new OpSample(name, op, List.of(operands), 2e-5);
    }

    @Override
    public String toString() {
        return name;
    }
}
