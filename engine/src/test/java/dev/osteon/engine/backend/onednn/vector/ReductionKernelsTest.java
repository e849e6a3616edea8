package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.onednn.vector.Agreement.Values;
import dev.osteon.engine.op.ArgMax;
import dev.osteon.engine.op.L2Normalize;
import dev.osteon.engine.op.LayerNorm;
import dev.osteon.engine.op.LayerNormBackward;
import dev.osteon.engine.op.LogSoftmax;
import dev.osteon.engine.op.Reduce;
import dev.osteon.engine.op.Softmax;
import dev.osteon.engine.tensor.DType;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReductionKernelsTest {

    /** In float32: half an ulp of 7, the distance to the largest, is 4 ulps of exp −7; then the exponential. */
    private static final int SOFTMAX_ULPS = 8;

    private static final double INF = Double.POSITIVE_INFINITY;

    @ParameterizedTest
    @EnumSource(Reduce.Function.class)
    void anyAxesInAnyLayout(Reduce.Function function) {
        List<List<Integer>> subsets = List.of(List.of(), List.of(0), List.of(1), List.of(2), List.of(3), List.of(0, 1),
                List.of(0, 2), List.of(1, 3), List.of(2, 3), List.of(0, 2, 3), List.of(0, 1, 3), List.of(0, 1, 2, 3));
        for (List<Integer> axes : subsets) {
            Reduce op = new Reduce(function, axes);
            Agreement.check(op, 1, Values.normal(2, 19, 5, 7));
            Agreement.check(op, 1, Values.normal(2, 19, 5, 7).channelsLast());
            Agreement.check(op, 1, Values.normal(3, 1, 41, 37).channelsLast());
            Agreement.check(op, 1, Values.normal(1, 1, 1, 1));
        }
    }

    @ParameterizedTest
    @EnumSource(Reduce.Function.class)
    void severalChunks(Reduce.Function function) {
        Agreement.check(new Reduce(function, List.of(0)), 1, Values.normal(100_003));
        Agreement.check(new Reduce(function, List.of(0, 1)), 1, Values.normal(3, 40_001));
        Agreement.check(new Reduce(function, List.of(1)), 1, Values.normal(3, 40_001));
        Agreement.check(new Reduce(function, List.of(0)), 1, Values.normal(3, 40_001));
        Agreement.check(new Reduce(function, List.of(0)), 1, Values.normal(20_001, 3));
        Agreement.check(new Reduce(function, List.of(0)), 1, Values.normal(101, 1030));
        Agreement.check(new Reduce(function, List.of(0, 2)), 1, Values.normal(301, 3, 67));
        Agreement.check(new Reduce(function, List.of(0, 2, 3)), 1, Values.normal(2, 65, 33, 31).channelsLast());
        Agreement.check(new Reduce(function, List.of(1)), 0, Values.normal(3, 701).as(DType.BF16));
    }

    @Test
    void nothingAndNotANumber() {
        Agreement.check(new Reduce(Reduce.Function.SUM, List.of(0)), 0, Values.normal(0, 3));
        Agreement.check(new Reduce(Reduce.Function.SUM, List.of(1)), 0, Values.normal(3, 0));
        Agreement.check(new Reduce(Reduce.Function.SUM, List.of(1)), 0, Values.normal(0, 3));
        for (Reduce.Function function : Reduce.Function.values()) {
            Agreement.check(new Reduce(function, List.of(0)), 1, Values.normal(40_001).with(35_000, Double.NaN));
            Agreement.check(new Reduce(function, List.of(0)), 1, Values.normal(41).with(40, -INF));
            Agreement.check(new Reduce(function, List.of(0)), 1, Values.of(-INF, -INF));
            Agreement.check(new Reduce(function, List.of(0)), 1, Values.of(-0.0));
        }
        Agreement.check(new Reduce(Reduce.Function.MEAN, List.of(0)), 0, Values.index(9, DType.I64, 4, 3));
    }

    @Test
    void argMax() {
        for (int axis = 0; axis < 4; axis++) {
            Agreement.check(new ArgMax(axis), 0, Values.normal(2, 19, 5, 7));
            Agreement.check(new ArgMax(axis), 0, Values.normal(2, 19, 5, 7).channelsLast());
        }
        Agreement.check(new ArgMax(-1), 0, Values.normal(300, 101));
        Agreement.check(new ArgMax(1), 0, Values.normal(0, 3));
        Agreement.check(new ArgMax(0), 0, Values.of(1, 3, 2, 3));
        Agreement.check(new ArgMax(0), 0, Values.of(-0.0, 0.0));
        Agreement.check(new ArgMax(0), 0, Values.of(1, Double.NaN, INF, Double.NaN));
        Agreement.check(new ArgMax(0), 0, Values.of(-INF, -INF));
        Agreement.check(new ArgMax(1), 0, Values.index(9, DType.U8, 4, 30));
        Agreement.check(new ArgMax(1), 0, Values.normal(4, 30).as(DType.BF16));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 15, 17, 1025})
    void alongTheLastAxis(int n) {
        for (int rows : new int[] {0, 1, 3, 100}) {
            Agreement.check(new Softmax(1), SOFTMAX_ULPS, Values.normal(rows, n));
            Agreement.check(new LogSoftmax(1), 1, Values.normal(rows, n));
            Agreement.check(new L2Normalize(1, 1e-12), 1, Values.normal(rows, n));
            layerNorm(1, rows, n);
        }
    }

    private static void layerNorm(int dims, int... shape) {
        Values row = Values.normal(Arrays.copyOfRange(shape, shape.length - dims, shape.length));
        Values perRow = Values.normal(Arrays.copyOf(shape, shape.length - dims));
        Agreement.check(new LayerNorm(dims, 1e-5), 1, Values.normal(shape), row, row);
        Agreement.check(new LayerNormBackward(dims), 1, Values.normal(shape), Values.normal(shape), row, perRow,
                perRow);
    }

    @Test
    void alongOtherAxes() {
        for (int axis = 0; axis < 4; axis++) {
            for (Values x : List.of(Values.normal(2, 19, 15, 31), Values.normal(2, 19, 15, 31).channelsLast())) {
                Agreement.check(new Softmax(axis), SOFTMAX_ULPS, x);
                Agreement.check(new LogSoftmax(axis), 1, x);
                Agreement.check(new L2Normalize(axis, 1e-12), 1, x);
            }
        }
        layerNorm(2, 40, 33, 31);
        layerNorm(2, 33, 31);
        Agreement.check(new Softmax(0), 0, Values.normal(0, 3));
        Agreement.check(new L2Normalize(1, 0.5), 0, Values.normal(3, 0));
    }

    @Test
    void edgesOfRows() {
        Agreement.check(new Softmax(0), SOFTMAX_ULPS, Values.of(-INF, 0, 1, -1000));
        Agreement.check(new LogSoftmax(0), 1, Values.of(-INF, 0, 1, -1000));
        Agreement.check(new LogSoftmax(0), 1, Values.of(-INF, -INF));
        Agreement.check(new Softmax(0), SOFTMAX_ULPS, Values.of(INF, 0));
        Agreement.check(new Softmax(0), SOFTMAX_ULPS, Values.of(Double.NaN, 0));
        Agreement.check(new L2Normalize(0, 1e-12), 1, Values.of(0, 0, 0));
        Agreement.check(new L2Normalize(0, 1e-12), 1, Values.of(3e38f, -3e38f));
    }
}
