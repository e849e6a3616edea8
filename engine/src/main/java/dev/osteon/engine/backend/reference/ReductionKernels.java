package dev.osteon.engine.backend.reference;

import dev.osteon.engine.op.ArgMax;
import dev.osteon.engine.op.LogSoftmax;
import dev.osteon.engine.op.Reduce;
import dev.osteon.engine.op.Softmax;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Sums, maxima and what is made of them along one axis. A NaN anywhere makes its maximum NaN. */
final class ReductionKernels {

    private ReductionKernels() {}

    static void reduce(Reduce op, List<Tensor> inputs, List<Tensor> outputs) {
        if (inputs.getFirst().dtype().isFloating()) {
            reduceDoubles(op.function(), inputs.getFirst(), outputs.getFirst());
        } else {
            reduceIntegers(op.function(), inputs.getFirst(), outputs.getFirst());
        }
    }

    private static void reduceDoubles(Reduce.Function function, Tensor x, Tensor y) {
        boolean max = function == Reduce.Function.MAX;
        double[] result = new double[Elements.count(y)];
        Arrays.fill(result, max ? Double.NEGATIVE_INFINITY : 0);
        Cursor to = Cursor.broadcast(y.shape(), x.shape());
        for (double value : Elements.doubles(x)) {
            int at = to.next();
            result[at] = max ? Math.max(result[at], value) : result[at] + value;
        }
        if (function == Reduce.Function.MEAN) {
            double count = Reduce.count(x.spec(), y.spec());
            Arrays.setAll(result, i -> result[i] / count);
        }
        Elements.write(y, result);
    }

    /** Sums wrap around; means are truncated towards zero. */
    private static void reduceIntegers(Reduce.Function function, Tensor x, Tensor y) {
        boolean max = function == Reduce.Function.MAX;
        long[] result = new long[Elements.count(y)];
        Arrays.fill(result, max ? Long.MIN_VALUE : 0);
        Cursor to = Cursor.broadcast(y.shape(), x.shape());
        for (long value : Elements.integers(x)) {
            int at = to.next();
            result[at] = max ? Math.max(result[at], value) : result[at] + value;
        }
        if (function == Reduce.Function.MEAN) {
            long count = Reduce.count(x.spec(), y.spec());
            Arrays.setAll(result, i -> result[i] / count);
        }
        Elements.write(y, result);
    }

    /** The first NaN counts as the largest element. */
    static void argMax(ArgMax op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor x = inputs.getFirst();
        Axis axis = Axis.of(x.shape(), op.axis());
        long[] result = new long[axis.rows()];
        if (x.dtype() == DType.I64) {
            long[] values = Elements.integers(x);
            for (int row = 0; row < result.length; row++) {
                int best = 0;
                for (int i = 1; i < axis.size(); i++) {
                    best = values[axis.inRow(row, i)] > values[axis.inRow(row, best)] ? i : best;
                }
                result[row] = best;
            }
        } else {
            double[] values = Elements.doubles(x);
            for (int row = 0; row < result.length; row++) {
                int best = 0;
                for (int i = 1; i < axis.size(); i++) {
                    best = exceeds(values[axis.inRow(row, i)], values[axis.inRow(row, best)]) ? i : best;
                }
                result[row] = best;
            }
        }
        Elements.write(outputs.getFirst(), result);
    }

    /** Whether {@code value} takes the place of the largest so far; a NaN does, and nothing takes its place. */
    static boolean exceeds(double value, double best) {
        return value > best || value != value && best == best;
    }

    static void softmax(Softmax op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] values = Elements.doubles(inputs.getFirst());
        Axis axis = Axis.of(inputs.getFirst().shape(), op.axis());
        for (int row = 0; row < axis.rows(); row++) {
            double top = max(values, axis, row);
            double sum = sumOfExponentials(values, axis, row, top);
            for (int i = 0; i < axis.size(); i++) {
                int at = axis.inRow(row, i);
                values[at] = Math.exp(values[at] - top) / sum;
            }
        }
        Elements.write(outputs.getFirst(), values);
    }

    static void logSoftmax(LogSoftmax op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] values = Elements.doubles(inputs.getFirst());
        logSoftmax(values, Axis.of(inputs.getFirst().shape(), op.axis()));
        Elements.write(outputs.getFirst(), values);
    }

    /** In place. */
    static void logSoftmax(double[] values, Axis axis) {
        for (int row = 0; row < axis.rows(); row++) {
            double top = max(values, axis, row);
            double log = Math.log(sumOfExponentials(values, axis, row, top));
            for (int i = 0; i < axis.size(); i++) {
                int at = axis.inRow(row, i);
                values[at] = values[at] - top - log;
            }
        }
    }

    private static double max(double[] values, Axis axis, int row) {
        double top = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < axis.size(); i++) {
            top = Math.max(top, values[axis.inRow(row, i)]);
        }
        return top;
    }

    /** Σ exp(x − top): with top the row's maximum nothing overflows and the sum is at least 1. */
    private static double sumOfExponentials(double[] values, Axis axis, int row, double top) {
        double sum = 0;
        for (int i = 0; i < axis.size(); i++) {
            sum += Math.exp(values[axis.inRow(row, i)] - top);
        }
        return sum;
    }
}
