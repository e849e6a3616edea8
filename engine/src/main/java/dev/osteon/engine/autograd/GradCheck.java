package dev.osteon.engine.autograd;

import dev.osteon.engine.ShapeException;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/**
 * Compares gradients by the tape with central differences (f(x + h) − f(x − h)) / 2h in float64, the scalar being
 * Σ weights · output with fixed pseudo-random weights.
 */
public final class GradCheck {

    private static final double STEP = 1e-6;

    private GradCheck() {}

    /**
     * The worst disagreement over all operands.
     *
     * @param error    largest |tape − difference| / max(1, |difference|)
     * @param operand  which operand it was found in
     * @param element  which element of it, in row-major order
     * @param tape     the tape's value
     * @param difference the central difference
     */
    public record Result(double error, int operand, int element, double tape, double difference) {

        @Override
        public String toString() {
            return String.format(Locale.ROOT, "operand %d element %d: tape %.9g, central difference %.9g, error %.2e",
                    operand, element, tape, difference, error);
        }
    }

    /**
     * @param function from operands to one floating result of any shape
     * @param operands float64, row-major
     * @param with     numbers of the operands to differentiate with respect to
     */
    public static Result check(Function<List<Tensor>, Tensor> function, List<Tensor> operands, List<Integer> with) {
        for (int i : with) {
            if (operands.get(i).dtype() != DType.F64) {
                throw new ShapeException("gradcheck", operands.get(i).spec().toString(), "float64 operands");
            }
        }
        Result worst = new Result(0, -1, -1, 0, 0);
        List<double[]> analytic = analytic(function, operands, with);
        for (int k = 0; k < with.size(); k++) {
            double[] differences = differences(moved -> {
                Tensor output = function.apply(moved);
                return Ops.sum(Ops.mul(output, weights(output)));
            }, operands, with.get(k));
            for (int e = 0; e < differences.length; e++) {
                double difference = differences[e];
                double tape = analytic.get(k)[e];
                double error = Math.abs(tape - difference) / Math.max(1, Math.abs(difference));
                if (!(error <= worst.error())) {
                    worst = new Result(error, with.get(k), e, tape, difference);
                }
            }
        }
        return worst;
    }

    private static List<double[]> analytic(Function<List<Tensor>, Tensor> function, List<Tensor> operands,
            List<Integer> with) {
        List<Tensor> watched = with.stream().map(operands::get).toList();
        try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(watched)) {
            Tensor output = function.apply(operands);
            try (Gradients gradients = tape.gradients(output, weights(output), watched)) {
                List<double[]> values = new ArrayList<>();
                watched.forEach(t -> values.add(gradients.find(t).map(Tensor::toDoubles)
                        .orElseGet(() -> new double[Math.toIntExact(t.size())])));
                return values;
            }
        }
    }

    /**
     * Central differences of a scalar with respect to each element of one operand, in row-major order.
     *
     * @param function from operands to one element
     * @param operands float64
     * @param operand  which of them to differentiate with respect to
     */
    public static double[] differences(Function<List<Tensor>, Tensor> function, List<Tensor> operands, int operand) {
        double[] values = operands.get(operand).toDoubles();
        double[] differences = new double[values.length];
        for (int e = 0; e < values.length; e++) {
            double centre = values[e];
            double h = STEP * Math.max(1, Math.abs(centre));
            values[e] = centre + h;
            double up = scalar(function, operands, operand, values);
            values[e] = centre - h;
            double down = scalar(function, operands, operand, values);
            values[e] = centre;
            differences[e] = (up - down) / (2 * h);
        }
        return differences;
    }

    private static double scalar(Function<List<Tensor>, Tensor> function, List<Tensor> operands, int operand,
            double[] values) {
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> moved = new ArrayList<>(operands);
            Tensor original = operands.get(operand);
            moved.set(operand, Tensor.of(original.device(), original.shape(), DType.F64, values));
            return function.apply(moved).item();
        }
    }

    /** Weights in [-1, 1) that depend on the position only: an upstream gradient without symmetry. */
    public static Tensor weights(Tensor output) {
        double[] values = new double[Math.toIntExact(output.size())];
        for (int i = 0; i < values.length; i++) {
            long bits = (i + 1) * 0x9E3779B97F4A7C15L;
            bits = (bits ^ bits >>> 30) * 0xBF58476D1CE4E5B9L;
            values[i] = (bits >>> 40) * 0x1p-23 - 1;
        }
        return Tensor.of(output.device(), output.shape(), output.dtype(), values);
    }
}
