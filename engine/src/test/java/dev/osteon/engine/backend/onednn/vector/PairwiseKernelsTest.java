package dev.osteon.engine.backend.onednn.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.backend.onednn.vector.Agreement.Values;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.PairwiseCrossEntropy;
import dev.osteon.engine.op.PairwiseCrossEntropyBackward;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows against all others: numbers of rows around a tile's, odd and even numbers of tiles, extreme logits. */
class PairwiseKernelsTest {

    /** Values and gradients of rows x, each to find the one that follows, against the reference. */
    private static void check(double scale, Values x) {
        int d = x.shape().dim(-1);
        double[] next = new double[x.numbers().length];
        Arrays.setAll(next, i -> x.numbers()[(i + d) % next.length]);
        Values p = new Values(x.shape(), x.dtype(), x.layout(), next);
        Op forward = new PairwiseCrossEntropy(scale);
        List<double[]> expected = Agreement.run(forward, Device.REFERENCE, x, p);
        close(Agreement.run(forward, Device.CPU, x, p), expected);
        Shape rows = x.shape().rank() == 2 ? Shape.of(x.shape().dim(0)) : Shape.of(x.shape().dim(0), x.shape().dim(1));
        Values[] operands = {x, p, new Values(rows, x.dtype(), x.layout(), expected.get(1)),
            Values.normal(rows.toArray()).as(x.dtype())};
        Op backward = new PairwiseCrossEntropyBackward(scale);
        close(Agreement.run(backward, Device.CPU, operands), Agreement.run(backward, Device.REFERENCE, operands));
    }

    /** To 1e−5 of the largest; in bfloat16 both are rounded to that. */
    private static void close(List<double[]> actual, List<double[]> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int k = 0; k < actual.size(); k++) {
            double largest = DoubleStream.of(expected.get(k)).map(Math::abs).max().orElse(0);
            assertThat(actual.get(k)).containsExactly(expected.get(k), within(1e-5 * largest));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 63, 64, 65, 128, 129, 300})
    void numbersOfRows(int n) {
        for (int d : new int[] {1, 3, 64, 65}) {
            check(0.5, Values.normal(n, d));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 63, 65, 300})
    void groupsOfRowsDoNotMeet(int n) {
        for (int groups : new int[] {1, 2, 7}) {
            check(0.5, Values.normal(groups, n, 5));
        }
        Values x = Values.normal(3, n, 5);
        double[] second = Arrays.copyOfRange(x.numbers(), n * 5, 2 * n * 5);
        Values alone = new Values(Shape.of(n, 5), x.dtype(), x.layout(), second);
        Op op = new PairwiseCrossEntropy(2);
        double[] all = Agreement.run(op, Device.CPU, x, x).getFirst();
        assertThat(Arrays.copyOfRange(all, n, 2 * n)).isEqualTo(Agreement.run(op, Device.CPU, alone, alone).getFirst());
    }

    @Test
    void aNegativeOrNoScale() {
        check(-0.5, Values.normal(70, 5));
        check(0, Values.normal(70, 5));
    }

    /** A few distinct rows many times over: logits from −9e4 to 9e4, of which float32's exponential takes ±88. */
    @Test
    void logitsFarBeyondTheExponential() {
        double[] directions = {300, 0, -300, 1, 0, 300};
        double[] rows = new double[2 * 150];
        Arrays.setAll(rows, i -> directions[i % directions.length]);
        Values x = new Values(Shape.of(150, 2), DType.F32,
                Values.normal(1).layout(), rows);
        check(1, x);
        assertThat(Agreement.run(new PairwiseCrossEntropy(1), Device.CPU, x, x).get(1)[0])
                .isCloseTo(9e4 + Math.log(49), within(0.02));
    }

    /** The partner's product is 12 and the eight others' are 0: 5e−5, of which float32's 12 would leave two digits. */
    @Test
    void aSmallLossKeepsItsDigits() {
        double[] rows = new double[10 * 5];
        Arrays.setAll(rows, i -> i % 5 == i / 10 ? Math.sqrt(12) : 0);
        Values x = new Values(Shape.of(10, 5), DType.F32, Values.normal(1).layout(), rows);
        double[] swapped = new double[rows.length];
        Arrays.setAll(swapped, i -> rows[i / 10 * 10 + (i + 5) % 10]);
        Values p = new Values(x.shape(), DType.F32, x.layout(), swapped);
        double[] y = Agreement.run(new PairwiseCrossEntropy(1), Device.CPU, x, p).getFirst();
        double expected = Math.log1p(8 * Math.exp(-12));
        assertThat(DoubleStream.of(y).map(v -> Math.abs(v - expected))).allMatch(error -> error < 1e-7);
    }

    @Test
    void notANumberComesOutWhereItGoesIn() {
        Values x = Values.normal(70, 3);
        double[] y = Agreement.run(new PairwiseCrossEntropy(1), Device.CPU, x.with(4, Double.NaN), x).getFirst();
        assertThat(DoubleStream.of(y).allMatch(Double::isNaN)).isTrue();
    }

    @Test
    void eachPairMeetsOnceAndNobodyTwiceInARound() {
        for (int n : new int[] {1, 2, 3, 4, 7, 8}) {
            List<List<Integer>> met = new ArrayList<>();
            Tournament.play(n, () -> (i, j) -> {
                synchronized (met) {
                    met.add(List.of(i, j));
                }
            });
            assertThat(met).hasSize(n * (n + 1) / 2).doesNotHaveDuplicates().allMatch(p -> p.get(0) <= p.get(1));
            for (int from = n; from < met.size(); from += n / 2) {
                List<Integer> players = met.subList(from, from + n / 2).stream().flatMap(List::stream).toList();
                assertThat(players).as("a round of %d", n).doesNotHaveDuplicates();
            }
        }
    }

    @Test
    void exponentials() {
        float[] x = new float[Lanes.COUNT];
        for (double at : new double[] {0, -0.0, 1e-9, 0.3, -0.35, 1, -1, 20.5, -20.5, 88.2, -87.2}) {
            Arrays.fill(x, (float) at);
            Floats.exp(Floats.load(x, 0)).intoArray(x, 0);
            double expected = Math.exp((float) at);
            assertThat((double) x[0]).as("exp %s", at).isCloseTo(expected, within(2.0 * Math.ulp((float) expected)));
        }
        for (float[] pair : new float[][] {{-100, 0}, {100, Float.POSITIVE_INFINITY}, {Float.NaN, Float.NaN},
            {Float.NEGATIVE_INFINITY, 0}, {Float.POSITIVE_INFINITY, Float.POSITIVE_INFINITY}}) {
            Arrays.fill(x, pair[0]);
            Floats.exp(Floats.load(x, 0)).intoArray(x, 0);
            assertThat(Float.compare(x[0], pair[1])).as("exp %s = %s", pair[0], x[0]).isZero();
        }
    }
}
