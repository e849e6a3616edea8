package dev.osteon.engine.op;

import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * What an operation must do at least.
 *
 * @param flops floating-point operations, a multiply-add counted as two
 * @param bytes memory traffic when each operand is read once and each result written once
 */
public record Cost(double flops, double bytes) {

    /** {@code flopsPerOutput} operations for each element of the outputs, operands and results moved once. */
    public static Cost perOutput(double flopsPerOutput, List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return new Cost(flopsPerOutput * outputs.stream().mapToDouble(s -> s.shape().size()).sum(),
                traffic(inputs, outputs));
    }

    /** {@code flopsPerInput} operations for each element of the first input, operands and results moved once. */
    public static Cost perInput(double flopsPerInput, List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return new Cost(flopsPerInput * inputs.getFirst().shape().size(), traffic(inputs, outputs));
    }

    /** Bytes of all operands and results. */
    public static double traffic(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return inputs.stream().mapToDouble(TensorSpec::bytes).sum()
                + outputs.stream().mapToDouble(TensorSpec::bytes).sum();
    }
}
