package dev.osteon.engine.conformance;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.autograd.GradCheck;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/** Checks of every operation: gradients against central differences, and a backend against the reference. */
public final class Conformance {

    /** Largest relative disagreement of a gradient with central differences in float64. */
    public static final double GRADIENT_TOLERANCE = 1e-6;

    private Conformance() {}

    /**
     * A check's outcome.
     *
     * @param check  {@code gradient} or the device compared with the reference
     * @param detail what was measured, one line
     */
    public record Outcome(OpSample sample, String check, boolean passed, String detail) {}

    /** Whether a gradient check applies: the operation has a gradient and a floating operand to take it for. */
    public static boolean hasGradient(OpSample sample) {
        boolean toFloat64 = !(sample.op() instanceof Cast);   // in float64 a cast has nothing to differentiate
        return sample.op().differentiable() && toFloat64 && !differentiated(sample).isEmpty();
    }

    private static List<Integer> differentiated(OpSample sample) {
        Op op = sample.op();
        List<Integer> candidates = IntStream.range(0, sample.operands().size())
                .filter(i -> sample.operands().get(i).isFloating()).boxed().toList();
        return switch (op) {
            case dev.osteon.engine.op.AffineCropResize crop -> candidates.stream().filter(i -> i == 0).toList();
            case dev.osteon.engine.op.BatchNormEval eval -> candidates.stream().filter(i -> i < 3 || i == 5).toList();
            default -> candidates;
        };
    }

    /** Gradients by the tape against central differences, float64 on the reference backend. */
    public static Outcome gradient(OpSample sample) {
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> operands = operands(sample, Device.REFERENCE, DType.F64);
            GradCheck.Result worst = GradCheck.check(inputs -> Dispatcher.runAll(sample.op(), inputs).getFirst(),
                    operands, differentiated(sample));
            return new Outcome(sample, "gradient", worst.error() <= GRADIENT_TOLERANCE, worst.toString());
        } catch (EngineException | IllegalStateException e) {
            return new Outcome(sample, "gradient", false, e.getMessage());
        }
    }

    /** Results and gradients in float32 on {@code device} against the reference backend in float64. */
    public static Outcome against(OpSample sample, Device device) {
        String check = device + " against reference";
        try (TensorScope scope = TensorScope.open()) {
            List<double[]> expected = results(sample, Device.REFERENCE, DType.F64);
            List<double[]> actual = results(sample, device, DType.F32);
            double worst = 0;
            for (int k = 0; k < expected.size(); k++) {
                worst = Math.max(worst, error(expected.get(k), actual.get(k)));
            }
            return new Outcome(sample, check, worst <= sample.tolerance(),
                    String.format(Locale.ROOT, "error %.2e of %.2e allowed", worst, sample.tolerance()));
        } catch (EngineException | IllegalStateException e) {
            return new Outcome(sample, check, false, e.getMessage());
        }
    }

    /** Largest difference relative to the largest magnitude; NaN never passes. */
    private static double error(double[] expected, double[] actual) {
        double scale = 1e-3;
        double worst = 0;
        for (int i = 0; i < expected.length; i++) {
            if (Double.isFinite(expected[i])) {
                scale = Math.max(scale, Math.abs(expected[i]));
            }
        }
        for (int i = 0; i < expected.length; i++) {
            double difference = expected[i] == actual[i] ? 0 : Math.abs(expected[i] - actual[i]) / scale;
            worst = difference <= worst ? worst : Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
        }
        return worst;
    }

    private static List<Tensor> operands(OpSample sample, Device device, DType floating) {
        SplittableRandom random = new SplittableRandom(sample.name().hashCode());
        return sample.operands().stream().map(operand -> operand.make(device, floating, random)).toList();
    }

    /** All results, or the operands after an operation in place, then the gradients of its first result. */
    private static List<double[]> results(OpSample sample, Device device, DType floating) {
        List<Tensor> operands = operands(sample, device, floating);
        List<Tensor> watched = hasGradient(sample)
                ? differentiated(sample).stream().map(operands::get).toList() : List.of();
        List<double[]> values = new ArrayList<>();
        try (Tape tape = Tape.watching(watched)) {
            List<Tensor> outputs = Dispatcher.runAll(sample.op(), operands);
            (outputs.isEmpty() ? operands : outputs).forEach(t -> values.add(t.toDoubles()));
            if (!watched.isEmpty()) {
                Tensor first = outputs.getFirst();
                try (Gradients gradients = tape.gradients(first, GradCheck.weights(first), watched)) {
                    watched.forEach(t -> gradients.find(t).ifPresent(g -> values.add(g.toDoubles())));
                }
            }
        }
        return values;
    }
}
