package dev.osteon.engine.backend.onednn.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.backend.onednn.vector.Agreement.Values;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.BatchNormBackward;
import dev.osteon.engine.op.BatchNormEval;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Batch-norm of bfloat16: by pairs of channels, those of one or, in narrow tensors, of several pixels at a time, by
 * widened rows where channels do not fit into pairs of vectors, and row-major.
 */
class BatchNormBfloat16Test {

    private static final double EPS = 1e-5;
    private static final double A_STEP = 0x1p-7;         // relative: what is halfway may be rounded either way
    private static final double NOISE = 2e-4;            // sums in float32, at values around 1

    @ParameterizedTest
    @CsvSource({"64,7,NHWC", "96,33,NHWC", "256,9,NHWC", "2048,2,NHWC", "20,17,NHWC", "40,5,ROW_MAJOR",
        "32,8,NHWC", "32,7,NHWC", "32,6,NHWC", "64,16,NHWC", "160,6,NHWC", "512,6,NHWC", "1,9,NHWC", "3,5,NHWC",
        "31,4,NHWC", "33,4,NHWC", "48,6,NHWC"})
    void itAgreesWithTheReference(int channels, int side, String layout) {
        Values x = laid(Values.normal(3, channels, side, side), layout);
        Values residual = laid(Values.normal(3, channels, side + 1, side), layout);
        residual = new Values(x.shape(), DType.BF16, x.layout(), Arrays.copyOf(residual.numbers(),
                x.numbers().length));
        Values gamma = Values.normal(channels);
        Values beta = new Values(gamma.shape(), DType.F32, gamma.layout(), reversed(gamma.numbers()));
        for (Activation activation : Activation.values()) {
            check(new BatchNormTrain(EPS, activation), x, gamma, beta);
            check(new BatchNormTrain(EPS, activation), x, gamma, beta, residual);
            Values variance = new Values(gamma.shape(), DType.F32, gamma.layout(),
                    Arrays.stream(gamma.numbers()).map(v -> 1 + v * v).toArray());
            check(new BatchNormEval(EPS, activation), x, gamma, beta, beta, variance, residual);
            List<Values> backward = new ArrayList<>(List.of(residual, x, gamma, beta, variance));
            if (activation == Activation.RELU) {
                backward.add(gated(x));
            }
            for (BatchNormTrain.Branch branch : BatchNormTrain.Branch.values()) {
                check(new BatchNormBackward(EPS, activation, branch), backward.toArray(Values[]::new));
            }
        }
    }

    private static Values laid(Values values, String layout) {
        return (layout.equals("NHWC") ? values.channelsLast() : values).as(DType.BF16);
    }

    private static double[] reversed(double[] numbers) {
        double[] other = new double[numbers.length];
        Arrays.setAll(other, i -> numbers[numbers.length - 1 - i]);
        return other;
    }

    /** Like what a ReLU gives. */
    private static Values gated(Values x) {
        return new Values(x.shape(), x.dtype(), x.layout(), Arrays.stream(x.numbers()).map(v -> Math.max(0, v))
                .toArray());
    }

    private static void check(Op op, Values... operands) {
        List<double[]> expected = Agreement.run(op, Device.REFERENCE, operands);
        List<double[]> actual = Agreement.run(op, Device.CPU, operands);
        for (int k = 0; k < expected.size(); k++) {
            double[] e = expected.get(k);
            double[] a = actual.get(k);
            double largest = Arrays.stream(e).map(Math::abs).max().orElse(1);
            assertThat(a).hasSameSizeAs(e);
            for (int i = 0; i < e.length; i++) {
                assertThat(a[i]).as("%s of %s: result %d, element %d", op, operands[0].shape(), k, i)
                        .isCloseTo(e[i], within(A_STEP * Math.abs(e[i]) + NOISE * largest));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"64", "20"})
    void nothingIsLostOfWhatIsNoNumber(int channels) {
        Values x = laid(Values.normal(2, channels, 3, 3), "NHWC").with(5, Double.NaN)
                .with(100, Double.POSITIVE_INFINITY);
        Values gamma = Values.normal(channels);
        double[] y = Agreement.run(new BatchNormTrain(EPS, Activation.RELU), Device.CPU, x, gamma, gamma).getFirst();
        double[] expected = Agreement.run(new BatchNormTrain(EPS, Activation.RELU), Device.REFERENCE, x, gamma, gamma)
                .getFirst();
        for (int i = 0; i < y.length; i++) {
            assertThat(Double.isNaN(y[i])).as("element %d", i).isEqualTo(Double.isNaN(expected[i]));
        }
    }

    @ParameterizedTest
    @CsvSource({"64", "20"})
    void threadsDoNotMatter(int channels) {
        Values x = laid(Values.normal(4, channels, 19, 19), "NHWC");
        Values gamma = Values.normal(channels);
        Op op = new BatchNormTrain(EPS, Activation.RELU);
        int before = Parallel.threads();
        List<double[]> many = Agreement.run(op, Device.CPU, x, gamma, gamma);
        Parallel.setThreads(before == 3 ? 1 : 3);
        try {
            List<double[]> other = Agreement.run(op, Device.CPU, x, gamma, gamma);
            for (int k = 0; k < many.size(); k++) {
                assertThat(other.get(k)).containsExactly(many.get(k));
            }
        } finally {
            Parallel.setThreads(before);
        }
    }
}
