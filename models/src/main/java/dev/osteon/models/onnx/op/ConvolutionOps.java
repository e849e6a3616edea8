package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.op.MatMul;
import dev.osteon.engine.op.MatMul.Transpose;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Pad;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Convolutions in any number of spatial axes, by the engine's two-dimensional ones: one axis is an image of height 1,
 * and three are a sum over the first axis's taps of convolutions in the other two.
 */
final class ConvolutionOps {

    private ConvolutionOps() {}

    static List<Entry> entries() {
        return List.of(one("Conv", 1, ConvolutionOps::conv), one("ConvTranspose", 1, ConvolutionOps::transpose));
    }

    private static int[] tail(Shape shape, int from) {
        return Arrays.copyOfRange(shape.toArray(), from, shape.rank());
    }

    private static Value conv(Call c) {
        Tensor x = c.tensor(0);
        Tensor w = c.tensor(1);
        Spatial s = Spatial.of(c, x.shape(), c.attributes().integers("kernel_shape").isPresent()
                ? Spatial.list(c, "kernel_shape", x.rank() - 2, 1) : tail(w.shape(), 2));
        int groups = c.attributes().index("group", 1);
        Optional<Tensor> bias = c.has(2) ? Optional.of(c.tensor(2)) : Optional.empty();
        return Value.of(s.axes() == 2 ? planar(c, x, w, bias, s, groups, c.epilogue())
                : MatrixOps.after(c.epilogue(), conv(c, x, w, bias, s, groups)));
    }

    private static Tensor conv(Call c, Tensor x, Tensor w, Optional<Tensor> bias, Spatial s, int groups) {
        return switch (s.axes()) {
            case 1 -> flattened(c, x, w, bias, s, groups);
            case 2 -> planar(c, x, w, bias, s, groups, Epilogue.NONE);
            default -> sliced(c, x, w, bias, s, groups);
        };
    }

    private static Tensor planar(Call c, Tensor x, Tensor w, Optional<Tensor> bias, Spatial s, int groups,
            Epilogue epilogue) {
        boolean even = s.before()[0] == s.after()[0] && s.before()[1] == s.after()[1];
        Tensor padded = even ? x.to(Layout.NHWC) : PaddingOps.constant(c, PaddingOps.constant(c, x, 2, s.before()[0],
                s.after()[0], 0), 3, s.before()[1], s.after()[1], 0);
        Conv2d op = new Conv2d(window(s.strides()), even ? window(s.before()) : Window.ZERO, window(s.dilations()),
                groups, epilogue);
        return bias.map(b -> Dispatcher.run(op, padded, w, b)).orElseGet(() -> Dispatcher.run(op, padded, w));
    }

    private static Window window(int[] sizes) {
        return new Window(sizes[0], sizes[1]);
    }

    private static Tensor flattened(Call c, Tensor x, Tensor w, Optional<Tensor> bias, Spatial s, int groups) {
        Spatial flat = new Spatial(before(1, s.kernel()), before(1, s.strides()), before(1, s.dilations()),
                before(0, s.before()), before(0, s.after()), before(1, s.output()));
        Tensor y = planar(c, Ops.reshape(x, x.dim(0), x.dim(1), 1, x.dim(2)),
                Ops.reshape(w, w.dim(0), w.dim(1), 1, w.dim(2)), bias, flat, groups, Epilogue.NONE);
        return Ops.reshape(y, y.dim(0), y.dim(1), y.dim(3));
    }

    private static int[] before(int first, int[] rest) {
        return IntStream.concat(IntStream.of(first), Arrays.stream(rest)).toArray();
    }

    /** [N, C, D, ...]: the planes that tap k sees are a batch of N·D' images; their results add up. */
    private static Tensor sliced(Call c, Tensor x, Tensor w, Optional<Tensor> bias, Spatial s, int groups) {
        Spatial inner = new Spatial(rest(s.kernel()), rest(s.strides()), rest(s.dilations()), rest(s.before()),
                rest(s.after()), rest(s.output()));
        Tensor padded = PaddingOps.constant(c, x, 2, s.before()[0], s.after()[0], 0);
        int depth = s.output()[0];
        Tensor sum = null;
        for (int k = 0; k < s.kernel()[0]; k++) {
            Tensor planes = Ops.slice(padded, 2, k * s.dilations()[0], depth, s.strides()[0]);
            Tensor y = conv(c, asBatch(planes), tap(w, k), k == 0 ? bias : Optional.empty(), inner, groups);
            sum = sum == null ? y : Ops.add(sum, y);
        }
        return fromBatch(sum, x.dim(0), depth);
    }

    private static int[] rest(int[] sizes) {
        return Arrays.copyOfRange(sizes, 1, sizes.length);
    }

    private static Tensor tap(Tensor w, int k) {
        int[] dims = w.shape().toArray();
        return Ops.reshape(Ops.slice(w, 2, k, 1), IntStream.range(0, dims.length).filter(i -> i != 2)
                .map(i -> dims[i]).toArray());
    }

    /** [N, C, D, ...] to [N·D, C, ...]. */
    private static Tensor asBatch(Tensor x) {
        int[] order = IntStream.range(0, x.rank()).map(i -> i == 1 ? 2 : i == 2 ? 1 : i).toArray();
        Tensor y = Ops.permute(x, order);
        return Ops.reshape(y, before(y.dim(0) * y.dim(1), tail(y.shape(), 2)));
    }

    private static Tensor fromBatch(Tensor y, int samples, int depth) {
        int[] apart = before(samples, before(depth, tail(y.shape(), 1)));
        int[] order = IntStream.range(0, apart.length).map(i -> i == 1 ? 2 : i == 2 ? 1 : i).toArray();
        return Ops.permute(Ops.reshape(y, apart), order);
    }

    private static Value transpose(Call c) {
        Tensor x = c.tensor(0);
        Tensor w = c.tensor(1);
        int n = x.rank() - 2;
        if (n < 1 || w.rank() != x.rank()) {
            throw c.problem(x.shape() + " and weights " + w.shape(), "[N, C, ...] and [C, O/groups, ...]");
        }
        int[] kernel = tail(w.shape(), 2);
        int[] strides = Spatial.list(c, "strides", n, 1);
        int[] dilations = Spatial.list(c, "dilations", n, 1);
        int[] extra = Spatial.list(c, "output_padding", n, 0);
        int groups = c.attributes().index("group", 1);
        int[] full = new int[n];
        for (int i = 0; i < n; i++) {
            full[i] = c.size((x.dim(i + 2) - 1L) * strides[i] + (kernel[i] - 1L) * dilations[i] + 1);
        }
        c.affordable(Shape.of(before(x.dim(0), full)));
        int[][] pads = pads(c, x.shape(), strides, extra, full);
        Optional<Tensor> bias = c.has(2) ? Optional.of(c.tensor(2)) : Optional.empty();
        boolean apart = n == 2 && groups == 1 && Arrays.equals(kernel, strides) && none(pads[0]) && none(pads[1])
                && none(extra) && Arrays.stream(dilations).allMatch(d -> d == 1);
        if (apart) {
            return Value.of(spread(x, w, bias, c.epilogue()));
        }
        boolean direct = n == 2 && pads[0][0] == pads[1][0] && pads[0][1] == pads[1][1] && fits(extra, strides,
                dilations);
        if (direct) {
            ConvTranspose2d op = new ConvTranspose2d(window(strides), window(pads[0]), window(extra),
                    window(dilations), groups);
            Tensor image = x.to(Layout.NHWC);
            return Value.of(MatrixOps.after(c.epilogue(), bias.map(b -> Dispatcher.run(op, image, w, b))
                    .orElseGet(() -> Dispatcher.run(op, image, w))));
        }
        Tensor y = full(x, w, strides, dilations, groups);
        for (int i = 0; i < n; i++) {
            y = PaddingOps.constant(c, y, i + 2, -pads[0][i], extra[i] - pads[1][i], 0);
        }
        Tensor result = y;
        return Value.of(MatrixOps.after(c.epilogue(),
                bias.map(b -> Ops.add(result, Ops.reshape(b, perChannel(result)))).orElse(result)));
    }

    private static boolean none(int[] sizes) {
        return Arrays.stream(sizes).allMatch(size -> size == 0);
    }

    /** Windows that do not overlap: a product of each pixel with all of its window's weights [C, kh·kw·O]. */
    private static Tensor spread(Tensor x, Tensor w, Optional<Tensor> bias, Epilogue epilogue) {
        int n = x.dim(0);
        int h = x.dim(2);
        int width = x.dim(3);
        int o = w.dim(1);
        int kh = w.dim(2);
        int kw = w.dim(3);
        Tensor pixels = Ops.reshape(Ops.permute(x.to(Layout.NHWC), 0, 2, 3, 1), n * h * width, x.dim(1));
        Tensor weights = Ops.reshape(Ops.permute(w, 0, 2, 3, 1), w.dim(0), kh * kw * o);
        MatMul product = new MatMul(Transpose.NO, Transpose.NO, epilogue);
        Tensor windows = bias.map(b -> Dispatcher.run(product, pixels, weights,
                        Ops.reshape(Ops.expand(Ops.reshape(b, 1, o), Shape.of(kh * kw, o)), kh * kw * o)))
                .orElseGet(() -> Dispatcher.run(product, pixels, weights));
        Tensor rows = Ops.permute(Ops.reshape(windows, n * h, width, kh, kw * o), 0, 2, 1, 3);
        return Ops.permute(Ops.reshape(rows, n, h * kh, width * kw, o), 0, 3, 1, 2);
    }

    private static boolean fits(int[] extra, int[] strides, int[] dilations) {
        return IntStream.range(0, extra.length).allMatch(i -> extra[i] < Math.max(strides[i], dilations[i]));
    }

    static int[] perChannel(Tensor y) {
        int[] dims = new int[y.rank()];
        Arrays.fill(dims, 1);
        dims[1] = y.dim(1);
        return dims;
    }

    /** Padding before and after, which the transpose takes away. */
    private static int[][] pads(Call c, Shape x, int[] strides, int[] extra, int[] full) {
        int n = full.length;
        int[] given = Spatial.list(c, "pads", 2 * n, 0);
        int[][] pads = {Arrays.copyOf(given, n), Arrays.copyOfRange(given, n, 2 * n)};
        String auto = c.attributes().text("auto_pad", "NOTSET");
        Optional<long[]> output = c.attributes().integers("output_shape");
        if (output.isEmpty() && !auto.startsWith("SAME")) {
            return auto.equals("VALID") ? new int[][] {new int[n], new int[n]} : pads;
        }
        for (int i = 0; i < n; i++) {
            int offset = output.map(o -> o.length - n).orElse(0);
            int axis = i;
            int wanted = output.map(o -> c.size(o[offset + axis])).orElse(c.size((long) x.dim(i + 2) * strides[i]));
            int total = Math.addExact(full[i], extra[i]) - wanted;
            pads[0][i] = auto.equals("SAME_LOWER") ? total - total / 2 : total / 2;
            pads[1][i] = total - pads[0][i];
        }
        return pads;
    }

    /** Without padding; three axes by the taps of the first: each spreads its planes apart, and they add up. */
    private static Tensor full(Tensor x, Tensor w, int[] strides, int[] dilations, int groups) {
        if (strides.length == 1) {
            Tensor y = full(Ops.reshape(x, x.dim(0), x.dim(1), 1, x.dim(2)),
                    Ops.reshape(w, w.dim(0), w.dim(1), 1, w.dim(2)), before(1, strides), before(1, dilations), groups);
            return Ops.reshape(y, y.dim(0), y.dim(1), y.dim(3));
        }
        if (strides.length == 2) {
            return Dispatcher.run(new ConvTranspose2d(window(strides), Window.ZERO, Window.ZERO, window(dilations),
                    groups), x, w);
        }
        int depth = x.dim(2);
        int taps = w.dim(2);
        List<Tensor> parts = new ArrayList<>();
        for (int k = 0; k < taps; k++) {
            Tensor y = fromBatch(full(asBatch(x), tap(w, k), rest(strides), rest(dilations), groups), x.dim(0), depth);
            parts.add(Dispatcher.run(new Pad(2, k * dilations[0], (taps - 1 - k) * dilations[0], strides[0], 0), y));
        }
        return parts.stream().reduce(Ops::add).orElseThrow();
    }
}
