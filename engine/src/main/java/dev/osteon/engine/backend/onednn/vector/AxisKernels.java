package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.ArgMax;
import dev.osteon.engine.op.L2Normalize;
import dev.osteon.engine.op.L2NormalizeBackward;
import dev.osteon.engine.op.LogSoftmax;
import dev.osteon.engine.op.Softmax;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** What is computed along one axis, row by row; threads share the rows, of which each is done by one. */
final class AxisKernels {

    private static final int GRAIN = 1 << 13;   // elements

    private AxisKernels() {}

    static void register(Registry registry) {
        registry.floats(ArgMax.class, Layouts.ANY, AxisKernels::argMax)
                .floats(Softmax.class, Layouts.ANY, AxisKernels::softmax)
                .floats(LogSoftmax.class, Layouts.ANY,
                        (op, in, out) -> map(op.axis(), in, out, AxisKernels::logSoftmax))
                .floats(L2Normalize.class, Layouts.ANY, AxisKernels::l2Normalize)
                .floats(L2NormalizeBackward.class, Layouts.ROW_MAJOR, AxisKernels::l2NormalizeBackward);
    }

    /** Replaces a row's values v[0 … n − 1]; {@code work} is of the same length, both padded to whole vectors. */
    @FunctionalInterface
    private interface RowFunction {
        void apply(double[] v, int n, double[] work);
    }

    /** What happens to a row's values: {@code first} and {@code second} are where its start lies in two tensors. */
    @FunctionalInterface
    private interface RowBody {
        void run(double[] v, double[] work, long first, long second);
    }

    /** Reads each row of x along {@code axis}; {@code first} and {@code second} are of x's shape or its rows'. */
    private static void rows(Tensor x, int axis, Tensor first, Tensor second, RowBody body) {
        int n = x.dim(axis);
        Shape rows = x.shape().with(axis, 1);
        long[] source = x.shape().strides(x.layout());
        Strip from = Strip.of(x);
        Nest nest = Nest.of(rows, first.shape().strides(first.layout()), source,
                second.shape().strides(second.layout()));
        nest.rows(Math.max(1, GRAIN / Math.max(1, n)), Integer.MAX_VALUE, () -> {
            double[] v = new double[Doubles.padded(n)];
            double[] work = new double[v.length];
            return (number, at, count) -> {
                for (int i = 0; i < count; i++) {
                    from.read(at[1] + i * nest.step(1), n > 1 ? source[axis] : 1, v, n);
                    body.run(v, work, at[0] + i * nest.step(0), at[2] + i * nest.step(2));
                }
            };
        });
    }

    private static void map(int axis, List<Tensor> in, List<Tensor> out, RowFunction function) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        int n = x.dim(axis);
        long step = y.shape().strides(y.layout())[axis];
        Strip to = Strip.of(y);
        rows(x, axis, y, y, (v, work, first, second) -> {
            function.apply(v, n, work);
            to.write(v, n, first, step);
        });
    }

    private static void softmax(Softmax op, List<Tensor> in, List<Tensor> out) {
        if (SoftmaxKernel.takes(in.getFirst(), out.getFirst(), op.axis())) {
            SoftmaxKernel.run(in.getFirst(), out.getFirst());
        } else {
            map(op.axis(), in, out, AxisKernels::softmaxOfRow);
        }
    }

    private static void softmaxOfRow(double[] v, int n, double[] work) {
        double top = Doubles.max(v, n);
        for (int i = 0; i < n; i++) {
            v[i] -= top;
        }
        Doubles.exp(v, n);
        double sum = Doubles.sum(v, n);
        for (int i = 0; i < n; i++) {
            v[i] /= sum;
        }
    }

    private static void logSoftmax(double[] v, int n, double[] work) {
        double top = Doubles.max(v, n);
        for (int i = 0; i < n; i++) {
            v[i] -= top;
        }
        System.arraycopy(v, 0, work, 0, n);
        Doubles.exp(work, n);
        double log = Math.log(Doubles.sum(work, n));
        for (int i = 0; i < n; i++) {
            v[i] -= log;
        }
    }

    private static void l2Normalize(L2Normalize op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.get(0);
        int n = x.dim(op.axis());
        long step = y.shape().strides(y.layout())[op.axis()];
        Strip to = Strip.of(y);
        Strip divisors = Strip.of(out.get(1));
        rows(x, op.axis(), y, out.get(1), (v, work, first, second) -> {
            double divisor = Math.max(Math.sqrt(Doubles.dot(v, v, n)), op.eps());
            for (int i = 0; i < n; i++) {
                v[i] /= divisor;
            }
            to.write(v, n, first, step);
            divisors.write(new double[] {divisor}, 1, second, 1);
        });
    }

    private static void l2NormalizeBackward(L2NormalizeBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor y = in.get(1);
        int n = y.dim(op.axis());
        long step = y.shape().strides(y.layout())[op.axis()];
        Strip normalised = Strip.of(y);
        Strip divisors = Strip.of(in.get(2));
        Strip to = Strip.of(out.getFirst());
        rows(in.getFirst(), op.axis(), y, in.get(2), (v, work, first, second) -> {
            normalised.read(first, n > 1 ? step : 1, work, n);
            double along = Doubles.dot(v, work, n);
            double[] divisor = new double[1];
            divisors.read(second, 1, divisor, 1);
            for (int i = 0; i < n; i++) {
                v[i] = (v[i] - work[i] * along) / divisor[0];
            }
            to.write(v, n, first, step);
        });
    }

    /** The first NaN counts as the largest element. */
    private static void argMax(ArgMax op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        int n = x.dim(op.axis());
        MemorySegment to = Lanes.global(y.segment());
        rows(x, op.axis() < 0 ? op.axis() + x.rank() : op.axis(), y, y, (v, work, first, second) -> {
            double top = Doubles.max(v, n);
            int place = 0;
            while (v[place] != top && v[place] == v[place]) {
                place++;
            }
            to.set(JAVA_LONG_UNALIGNED, first * Long.BYTES, place);
        });
    }
}
