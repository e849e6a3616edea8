package dev.osteon.engine.backend.onednn.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.backend.onednn.vector.Agreement.Values;
import dev.osteon.engine.op.Affine;
import dev.osteon.engine.op.Binary;
import dev.osteon.engine.op.Clamp;
import dev.osteon.engine.op.Compare;
import dev.osteon.engine.op.Unary;
import dev.osteon.engine.op.Where;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PointwiseKernelsTest {

    /** Zeros, infinities, NaN, subnormal numbers, the ends of exp's range and where formulas change. */
    private static final double[] EDGES = {0, -0.0, 1, -1, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY,
        Double.NaN, Float.MIN_VALUE, -Float.MIN_VALUE, Float.MIN_NORMAL, 1e-40, -1e-40, Float.MAX_VALUE,
        -Float.MAX_VALUE, 88.72f, 88.73f, 89, -87.3f, -87.4f, -100, -103.9f, -104.1f, 700, -708, 709, 1e-3f, -1e-3f,
        9.9e-4f, 1e-8f, 1e-20f, 0.4999f, 0.5f, -0.5f, 0.70710f, 2.5f, -2.5f, 3.9f, -5, -9.9f, -13.9f, -14.3f, -20};

    private static double[] sweep() {
        return IntStream.range(-10_000, 10_003).mapToDouble(i -> (float) (i * 0.0017)).toArray();
    }

    @ParameterizedTest
    @EnumSource(Unary.Function.class)
    void functionsAreWithinAnUlpAtEdgesAndOverTheirRange(Unary.Function function) {
        // left of −5 the reference's own gelu_tanh cancels
        double least = function == Unary.Function.GELU_TANH ? -5 : Double.NEGATIVE_INFINITY;
        for (double[] values : List.of(EDGES, sweep())) {
            Agreement.check(new Unary(function), 1,
                    Values.of(Arrays.stream(values).filter(x -> !(x < least) || Double.isInfinite(x)).toArray()));
        }
    }

    @Test
    void geluByTanhKeepsItsTail() {
        double x = -9;
        double u = Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
        double[] y = Agreement.run(new Unary(Unary.Function.GELU_TANH), Device.CPU, Values.of(x)).getFirst();
        assertThat(y[0]).isCloseTo(x / (1 + Math.exp(-2 * u)), Percentage.withPercentage(1e-5));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 9, 1023, 1024, 1025, 40_003})
    void anySize(int n) {
        for (Unary.Function function : Unary.Function.values()) {
            Agreement.check(new Unary(function), 1, Values.normal(n));
        }
        Agreement.check(new Clamp(-0.3, 0.7), 0, Values.normal(n));
        Agreement.check(new Unary(Unary.Function.EXP), 0, Values.normal(n).as(DType.BF16));
        Agreement.check(new Affine(-3, 0.5), 0, Values.normal(n).as(DType.BF16));
        Agreement.check(new Binary(Binary.Function.ADD), 0, Values.normal(n).as(DType.BF16),
                Values.normal(n).as(DType.BF16));
        Agreement.check(new Binary(Binary.Function.MUL), 0, Values.normal(n).as(DType.BF16),
                Values.normal(n).as(DType.BF16));
    }

    @ParameterizedTest
    @EnumSource(Binary.Function.class)
    void broadcasting(Binary.Function function) {
        Binary op = new Binary(function);
        int ulps = function == Binary.Function.POW ? 1 : 0;
        Agreement.check(op, ulps, Values.normal(37, 1001), Values.normal(1001));
        Agreement.check(op, ulps, Values.normal(37, 1001), Values.normal(37, 1));
        Agreement.check(op, ulps, Values.normal(1, 1001), Values.normal(37, 1));
        Agreement.check(op, ulps, Values.normal(1), Values.normal(3, 5, 7));
        Agreement.check(op, ulps, Values.normal(), Values.normal());
        Agreement.check(op, ulps, Values.normal(0, 3), Values.normal(1, 3));
        Agreement.check(op, ulps, Values.normal(2, 1, 3, 1, 5), Values.normal(4, 1, 6, 1));
        Agreement.check(op, ulps, Values.normal(2, 19, 33, 31).channelsLast(), Values.normal(1, 19, 1, 1));
        Agreement.check(op, ulps, Values.normal(2, 19, 33, 31).channelsLast(), Values.normal(2, 19, 33, 31));
        Agreement.check(op, ulps, Values.normal(2, 19, 3, 3), Values.normal(2, 19, 3, 3).channelsLast());
        Agreement.check(op, ulps, Values.normal(5, 9).as(DType.BF16), Values.normal(9).as(DType.BF16));
        Agreement.check(op, ulps, Values.of(EDGES), Values.normal(EDGES.length));
    }

    @Test
    void integersKeepTheirArithmetic() {
        Agreement.check(new Binary(Binary.Function.MUL), 0, Values.index(9, DType.I64, 4, 3),
                Values.index(9, DType.I64, 3));
    }

    @ParameterizedTest
    @EnumSource(Compare.Relation.class)
    void comparisons(Compare.Relation relation) {
        Compare op = new Compare(relation);
        Agreement.check(op, 0, Values.of(EDGES), Values.of(EDGES));
        Agreement.check(op, 0, Values.of(EDGES), Values.of(Double.NaN));
        Agreement.check(op, 0, Values.normal(41, 1003), Values.normal(41, 1));
        Agreement.check(op, 0, Values.normal(2, 3, 4, 5).channelsLast(), Values.normal(2, 3, 4, 5));
        Agreement.check(op, 0, Values.normal(0), Values.normal(1));
        Agreement.check(op, 0, Values.index(3, DType.U8, 50), Values.index(3, DType.U8, 1));
    }

    @ParameterizedTest
    @EnumSource(DType.class)
    void whereOfAnyType(DType dtype) {
        Values numbers = Values.index(2, DType.BOOL, 41, 1003);
        Agreement.check(new Where(), 0, numbers, Values.normal(41, 1003).as(dtype), Values.normal(1003).as(dtype));
        Agreement.check(new Where(), 0, Values.index(2, DType.BOOL, 3, 1), Values.normal(2, 1, 5).as(dtype),
                Values.normal().as(dtype));
        Agreement.check(new Where(), 0, Values.index(2, DType.BOOL, 2, 3, 4, 5).channelsLast(),
                Values.normal(2, 3, 4, 5).as(dtype), Values.normal(1, 3, 1, 1).as(dtype));
    }
}
