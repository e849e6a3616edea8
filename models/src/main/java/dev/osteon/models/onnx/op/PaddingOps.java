package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Pad;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** What puts something around elements, or in their place. */
final class PaddingOps {

    private PaddingOps() {}

    static List<Entry> entries() {
        return List.of(
                one("Pad", 1, c -> pad(c, c.attributes().integers("pads").or(() -> c.attributes()
                        .integers("paddings")).orElseThrow(), c.attributes().real("value", 0))),
                one("Pad", 11, c -> pad(c, c.longs(1), c.has(2) ? c.doubles(2)[0] : 0)).structural(1, 2, 3),
                one("CenterCropPad", 18, PaddingOps::centerCropPad).structural(1),
                one("Trilu", 14, PaddingOps::trilu).structural(1));
    }

    private static Value pad(Call c, long[] pads, double value) {
        int rank = c.rank(0);
        int[] axes = c.has(3) ? Arrays.stream(c.longs(3)).mapToInt(a -> c.axis(a, rank)).toArray()
                : IntStream.range(0, rank).toArray();
        if (pads.length != 2 * axes.length) {
            throw c.problem(pads.length + " pads for " + axes.length + " axes", "two for each");
        }
        String mode = c.attributes().text("mode", "constant");
        return mode.equals("constant") ? filled(c, value, (x, fill) -> padded(c, x, axes, pads, mode, fill))
                : c.move(0, x -> padded(c, x, axes, pads, mode, 0));
    }

    /** Moves the first operand's elements, with {@code value} between them; on the host that has a position too. */
    private static Value filled(Call c, double value, BiFunction<Tensor, Double, Tensor> how) {
        if (!(c.value(0) instanceof Value.OnHost(HostArray x))) {
            return c.move(0, t -> how.apply(t, value));
        }
        HostArray fill = x.type() == ElementType.STRING ? HostArray.of(Shape.of(1), "")
                : HostArray.of(x.type(), Shape.of(1), value);
        return Movement.join(List.of(x, fill), places -> how.apply(places.getFirst(), (double) x.size()));
    }

    private static Tensor padded(Call c, Tensor x, int[] axes, long[] pads, String mode, double value) {
        Tensor result = x;
        for (int i = 0; i < axes.length; i++) {
            int before = Math.toIntExact(pads[i]);
            int after = Math.toIntExact(pads[i + axes.length]);
            int size = result.dim(axes[i]);
            if (mode.equals("constant")) {
                result = constant(c, result, axes[i], before, after, value);
            } else if (before != 0 || after != 0) {
                c.affordable(result.shape().with(axes[i], c.size((long) before + size + after)));
                long[] places = LongStream.range(-(long) before, (long) size + after).map(p -> place(c, p, size, mode))
                        .toArray();
                result = Ops.select(result, HostArray.int64(x.device(), Shape.of(places.length), places), axes[i]);
            }
        }
        return result;
    }

    /** Negative padding crops. */
    static Tensor constant(Call c, Tensor x, int axis, int before, int after, double value) {
        int from = Math.max(0, -before);
        int count = x.dim(axis) - from - Math.max(0, -after);
        Tensor cropped = count == x.dim(axis) ? x : Ops.slice(x, axis, from, count);
        c.affordable(x.shape().with(axis, c.size((long) count + Math.max(0, before) + Math.max(0, after))));
        return before <= 0 && after <= 0 ? cropped
                : Dispatcher.run(new Pad(axis, Math.max(0, before), Math.max(0, after), 1, value), cropped);
    }

    private static long place(Call c, long at, int size, String mode) {
        return switch (mode) {
            case "edge" -> Math.clamp(at, 0, size - 1L);
            case "wrap" -> Math.floorMod(at, (long) size);
            case "reflect" -> {
                long period = Math.max(1, 2L * (size - 1));
                long within = Math.floorMod(at, period);
                yield Math.min(within, period - within);
            }
            default -> throw c.problem("mode " + mode, "constant, edge, reflect or wrap");
        };
    }

    private static Value centerCropPad(Call c) {
        long[] wanted = c.longs(1);
        int rank = c.rank(0);
        int[] axes = c.attributes().integers("axes").map(given -> Arrays.stream(given).mapToInt(a -> c.axis(a, rank))
                .toArray()).orElseGet(() -> IntStream.range(0, rank).toArray());
        return filled(c, 0, (x, fill) -> {
            Tensor result = x;
            for (int i = 0; i < axes.length; i++) {
                int more = c.size(wanted[i]) - result.dim(axes[i]);
                int before = more >= 0 ? more / 2 : -(-more / 2);
                result = constant(c, result, axes[i], before, more - before, fill);
            }
            return result;
        });
    }

    /** The upper or lower triangle of the last two dimensions; zeros elsewhere. */
    private static Value trilu(Call c) {
        boolean upper = c.attributes().flag("upper", true);
        long k = c.has(1) ? c.longs(1)[0] : 0;
        Shape matrix = Shape.of(c.shape(0).dim(-2), c.shape(0).dim(-1));
        double[] keep = new double[HostArray.count(matrix)];
        for (int i = 0; i < keep.length; i++) {
            long diagonal = i % matrix.dim(1) - i / matrix.dim(1);
            keep[i] = upper ? diagonal >= k ? 1 : 0 : diagonal <= k ? 1 : 0;
        }
        HostArray mask = HostArray.of(ElementType.BOOL, matrix, keep);
        if (!c.isReal(0)) {
            return Value.of(HostMath.zip(c.host(0), mask, c.type(0), (a, b) -> b != 0 ? a : 0));
        }
        Tensor x = c.tensor(0);
        return Value.of(Ops.where(mask.upload(c.device(), c.floating()), x, c.full(Shape.SCALAR, 0)));
    }
}
