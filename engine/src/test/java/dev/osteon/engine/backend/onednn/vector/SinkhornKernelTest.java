package dev.osteon.engine.backend.onednn.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.backend.onednn.vector.Agreement.Values;
import dev.osteon.engine.op.Sinkhorn;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Factors in float32 against logarithms in float64. */
class SinkhornKernelTest {

    /** Relative to each element: small entries of a code count, too. */
    private static void check(Sinkhorn op, double tolerance, Values x) {
        double[] expected = Agreement.run(op, Device.REFERENCE, x).getFirst();
        double[] actual = Agreement.run(op, Device.CPU, x).getFirst();
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).as("%s, element %d", op, i).isCloseTo(expected[i],
                    within(tolerance * expected[i] + 1e-37));
        }
    }

    private static Values scaled(double factor, Values x) {
        return new Values(x.shape(), x.dtype(), x.layout(), Arrays.stream(x.numbers()).map(v -> (float) (factor * v))
                .toArray());
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "1, 7", "7, 1", "5, 31", "33, 32", "100, 3000", "300, 33", "4000, 67"})
    void shapes(int rows, int columns) {
        for (int iterations : new int[] {1, 2, 3}) {
            check(new Sinkhorn(0.5, iterations), 2e-5, Values.normal(rows, columns));
        }
    }

    /** Exponents that span from nothing to more than float32's exponential does. */
    @ParameterizedTest
    @CsvSource({"0", "0.001", "1", "5", "8", "12", "1000"})
    void scales(double scale) {
        check(new Sinkhorn(1, 3), 1e-4, scaled(scale, Values.normal(50, 40)));
    }

    @Test
    void manyIterationsDoNotDrift() {
        double[] q = Agreement.run(new Sinkhorn(0.5, 300), Device.CPU, Values.normal(200, 7)).getFirst();
        double[] columns = new double[7];
        for (int i = 0; i < q.length; i++) {
            columns[i % 7] += q[i];
        }
        assertThat(columns).containsExactly(new double[] {200 / 7.0, 200 / 7.0, 200 / 7.0, 200 / 7.0, 200 / 7.0,
            200 / 7.0, 200 / 7.0}, within(1e-3));
    }

    @Test
    void otherTypesAndNotANumber() {
        check(new Sinkhorn(0.5, 3), 0.01, Values.normal(9, 5).as(DType.BF16));
        double[] q = Agreement.run(new Sinkhorn(0.5, 3), Device.CPU, Values.normal(9, 5).with(3, Double.NaN))
                .getFirst();
        assertThat(DoubleStream.of(q).anyMatch(Double::isNaN)).isTrue();
    }
}
