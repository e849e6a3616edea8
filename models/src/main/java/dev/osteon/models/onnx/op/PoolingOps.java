package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.many;
import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.op.AvgPool2d;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.stream.IntStream;

/**
 * Pooling. Maxima and means in two axes are the engine's; other numbers of axes, dilation and sizes rounded up go axis
 * by axis over slices, since both a maximum and a sum over a box are that along one axis after the other.
 */
final class PoolingOps {

    /** Means over larger windows go axis by axis, which takes logarithmic time. */
    private static final long MOST_TAPS = 1 << 14;
    /** More comparisons than this are taken for a mistake or an attack: a minute. */
    private static final long MOST_COMPARISONS = 1L << 34;

    private PoolingOps() {}

    static List<Entry> entries() {
        return List.of(
                many("MaxPool", 1, PoolingOps::maxPool),
                one("AveragePool", 1, PoolingOps::averagePool),
                one("LpPool", 1, PoolingOps::lpPool),
                one("GlobalAveragePool", 1, c -> Value.of(Ops.mean(c.tensor(0), spatialAxes(c)))),
                one("GlobalMaxPool", 1, c -> Value.of(Ops.max(c.tensor(0), spatialAxes(c)))),
                one("GlobalLpPool", 1, PoolingOps::globalLpPool),
                one("MaxUnpool", 9, PoolingOps::maxUnpool).structural(2));
    }

    private static int[] spatialAxes(Call c) {
        return IntStream.range(2, c.rank(0)).toArray();
    }

    private static Spatial spatial(Call c) {
        return Spatial.of(c, c.shape(0), Spatial.list(c, "kernel_shape", c.rank(0) - 2, 1));
    }

    private static List<Value> maxPool(Call c) {
        Spatial s = spatial(c);
        if (c.node().wants(1) || !c.isReal(0)) {
            return withPlaces(c, s);
        }
        Tensor x = c.tensor(0);
        boolean direct = s.axes() == 2 && isPlain(s, x) && taps(s) <= 256 && small(s);
        return List.of(Value.of(direct
                ? Ops.maxPool2d(x, window(s.kernel()), window(s.strides()), window(s.before()))
                : bySlices(c, x, s, Double.NEGATIVE_INFINITY, Ops::maximum)));
    }

    private static long taps(Spatial s) {
        return Arrays.stream(s.kernel()).asLongStream().reduce(1, Math::multiplyExact);
    }

    private static Window window(int[] sizes) {
        return new Window(sizes[0], sizes[1]);
    }

    /** Whether the engine's pooling means the same: equal padding, no dilation, sizes rounded down. */
    private static boolean isPlain(Spatial s, Tensor x) {
        return !s.isDilated() && Arrays.equals(s.before(), s.after())
                && IntStream.range(0, s.axes()).allMatch(i -> s.reach(i, x.dim(i + 2)) <= s.after()[i]);
    }

    private static Tensor bySlices(Call c, Tensor x, Spatial s, double padding, BinaryOperator<Tensor> combine) {
        Tensor y = x;
        for (int i = 0; i < s.axes(); i++) {
            int axis = i + 2;
            Tensor padded = PaddingOps.constant(c, y, axis, s.before()[i], s.reach(i, x.dim(axis)), padding);
            y = new Windows(axis, s.output()[i], s.strides()[i], s.kernel()[i], s.dilations()[i])
                    .combined(c, padded, combine);
        }
        return y;
    }

    private static Value averagePool(Call c) {
        Tensor x = c.tensor(0);
        Spatial s = spatial(c);
        boolean padded = Arrays.stream(s.before()).anyMatch(p -> p > 0)
                || Arrays.stream(s.after()).anyMatch(p -> p > 0);
        boolean all = c.attributes().flag("count_include_pad", false);
        boolean direct = s.axes() == 2 && isPlain(s, x) && taps(s) <= MOST_TAPS && (!padded || small(s));
        if (direct) {
            return Value.of(Dispatcher.run(new AvgPool2d(window(s.kernel()), window(s.strides()), window(s.before()),
                    all ? AvgPool2d.Divisor.KERNEL : AvgPool2d.Divisor.VALID), x));
        }
        return Value.of(Ops.div(bySlices(c, x, s, 0, Ops::add), counts(c, x, s, all)));
    }

    private static boolean small(Spatial s) {
        return IntStream.range(0, 2).allMatch(i -> 2L * s.before()[i] <= s.kernel()[i]);
    }

    /** How many places of each window count: those inside, or also those in the padding that was asked for. */
    private static Tensor counts(Call c, Tensor x, Spatial s, boolean all) {
        int[] shape = new int[s.axes() + 2];
        shape[0] = 1;
        shape[1] = 1;
        System.arraycopy(s.output(), 0, shape, 2, s.axes());
        double[] counts = new double[HostArray.count(Shape.of(shape))];
        Arrays.fill(counts, 1);
        int inner = counts.length;
        for (int i = 0; i < s.axes(); i++) {
            inner /= s.output()[i];
            for (int at = 0; at < counts.length; at++) {
                counts[at] *= count(s, i, at / inner % s.output()[i], all ? -s.before()[i] : 0,
                        x.dim(i + 2) + (all ? s.after()[i] : 0));
            }
        }
        return c.constant(Shape.of(shape), counts);
    }

    /** How many of a window's places along an axis lie in {@code low} to {@code high} − 1. */
    private static long count(Spatial s, int axis, int window, int low, int high) {
        long start = (long) window * s.strides()[axis] - s.before()[axis];
        int step = s.dilations()[axis];
        long first = Math.max(0, Math.ceilDiv(low - start, step));
        long last = Math.min(s.kernel()[axis] - 1L, Math.floorDiv(high - 1 - start, step));
        return Math.max(0, last - first + 1);
    }

    private static Value lpPool(Call c) {
        double power = c.attributes().integer("p", 2);
        Tensor powers = power(Ops.abs(c.tensor(0)), power);
        return Value.of(power(bySlices(c, powers, spatial(c), 0, Ops::add), 1 / power));
    }

    private static Value globalLpPool(Call c) {
        long p = c.attributes().integer("p", 2);
        return Value.of(power(Ops.sum(power(Ops.abs(c.tensor(0)), p), spatialAxes(c)), 1.0 / p));
    }

    private static Tensor power(Tensor x, double exponent) {
        return exponent == 1 ? x : exponent == 2 ? Ops.mul(x, x)
                : Ops.pow(x, Ops.full(x.device(), Shape.SCALAR, x.dtype(), exponent));
    }

    /** With the winners' places in the whole input, on the host. */
    private static List<Value> withPlaces(Call c, Spatial s) {
        HostArray x = c.host(0);
        Shape shape = x.shape();
        int[] dims = new int[s.axes() + 2];
        dims[0] = shape.dim(0);
        dims[1] = shape.dim(1);
        System.arraycopy(s.output(), 0, dims, 2, s.axes());
        Shape result = Shape.of(dims);
        boolean columnMajor = c.attributes().integer("storage_order", 0) == 1;
        long inside = IntStream.range(0, s.axes()).mapToLong(i -> Math.min(s.kernel()[i], shape.dim(i + 2)))
                .reduce(1, (a, b) -> a * b);
        if (result.size() > 0 && inside > MOST_COMPARISONS / result.size()) {
            throw c.problem(result + " windows of " + inside + " elements", "at most " + MOST_COMPARISONS
                    + " comparisons");
        }
        long[] places = new long[HostArray.count(result)];
        long[] indices = new long[places.length];
        double[] values = x.reals();
        long plane = Arrays.stream(shape.toArray(), 2, shape.rank()).asLongStream().reduce(1, (a, b) -> a * b);
        int windows = Arrays.stream(s.output()).reduce(1, Math::multiplyExact);
        for (int at = 0; at < places.length; at++) {
            int within = best(values, shape, s, (int) (at / windows * plane), at % windows);
            if (within < 0) {
                throw c.problem("a window that lies in the padding alone", "pads smaller than the kernel");
            }
            places[at] = at / windows * plane + within;
            indices[at] = columnMajor ? at / windows * plane + transposed(within, shape) : places[at];
        }
        HostArray y = x.pick(result, places);
        Value maxima = c.value(0) instanceof Value.OnDevice(Tensor t)
                ? Value.of(Ops.reshape(Ops.select(Ops.reshape(t, (int) t.size()), c.positions(places), 0), dims))
                : Value.of(y);
        return List.of(maxima, Value.of(HostArray.of(ElementType.INT64, result, indices)));
    }

    /** The place of the largest element under a window, within its plane; −1 where there is none. */
    private static int best(double[] values, Shape shape, Spatial s, int plane, int window) {
        long[] strides = shape.strides(Layout.ROW_MAJOR);
        int n = s.axes();
        int[] count = new int[n];
        int corner = 0;
        int taps = 1;
        int rest = window;
        for (int i = n - 1; i >= 0; i--) {
            int stop = rest % s.output()[i];
            rest /= s.output()[i];
            long start = (long) stop * s.strides()[i] - s.before()[i];
            int step = s.dilations()[i];
            long first = Math.max(0, Math.ceilDiv(-start, step));
            count[i] = (int) count(s, i, stop, 0, shape.dim(i + 2));
            taps = Math.multiplyExact(taps, count[i]);
            corner += (int) ((start + first * step) * strides[i + 2]);
        }
        int best = -1;
        for (int tap = 0; tap < taps; tap++) {
            int at = corner;
            int left = tap;
            for (int i = n - 1; i >= 0; i--) {
                at += (int) (left % count[i] * s.dilations()[i] * strides[i + 2]);
                left /= count[i];
            }
            if (best < 0 || values[plane + at] > values[plane + best]) {
                best = at;
            }
        }
        return best;
    }

    /** A place within a plane when that is stored with its first axis fastest. */
    private static long transposed(int within, Shape shape) {
        long place = 0;
        long stride = 1;
        long[] strides = shape.strides(Layout.ROW_MAJOR);
        for (int i = 2; i < shape.rank(); i++) {
            place += within / strides[i] % shape.dim(i) * stride;
            stride *= shape.dim(i);
        }
        return place;
    }

    /** Values put back where indices say, zeros elsewhere. Indices count through the plain, unpadded result. */
    private static Value maxUnpool(Call c) {
        Tensor x = c.tensor(0);
        int n = x.rank() - 2;
        int[] kernel = Spatial.list(c, "kernel_shape", n, 1);
        int[] strides = Spatial.list(c, "strides", n, 1);
        int[] pads = Spatial.list(c, "pads", 2 * n, 0);
        int[] plain = x.shape().toArray();
        for (int i = 0; i < n; i++) {
            plain[i + 2] = c.size((x.dim(i + 2) - 1L) * strides[i] - pads[i] - pads[i + n] + kernel[i]);
        }
        int[] wanted = c.has(2) ? Arrays.stream(c.longs(2)).mapToInt(c::size).toArray() : plain;
        c.affordable(Shape.of(wanted));
        Shape from = c.affordable(Shape.of(plain));
        long[] indices = IndexOps.within(c, c.longs(1), (int) from.size());
        long[] strideOf = from.strides(Layout.ROW_MAJOR);
        long[] target = Shape.of(wanted).strides(Layout.ROW_MAJOR);
        long[] moved = Arrays.stream(indices).map(index -> {
            long place = 0;
            for (int d = 0; d < plain.length; d++) {
                place += index / strideOf[d] % plain[d] * target[d];
            }
            return place;
        }).toArray();
        Tensor flat = Dispatcher.run(new dev.osteon.engine.op.SelectBackward(0, (int) Shape.of(wanted).size()),
                Ops.reshape(x, (int) x.size()), c.positions(moved));
        return Value.of(Ops.reshape(flat, wanted));
    }
}
