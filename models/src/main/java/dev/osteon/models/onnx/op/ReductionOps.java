package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.DoubleBinaryOperator;
import java.util.stream.IntStream;

/** Sums, means and extremes over axes, given as an attribute or, from opset 13 or 18 on, as an operand. */
final class ReductionOps {

    private ReductionOps() {}

    /**
     * @param device over axes that are all there and not empty, which it keeps with size 1
     * @param start  what combining begins with on the host, and the result over nothing
     */
    private record Reduction(String type, BiFunction<Tensor, int[], Tensor> device, double start,
            DoubleBinaryOperator combine) {}

    private static final List<Reduction> ALL = List.of(
            new Reduction("ReduceSum", Ops::sum, 0, Double::sum),
            new Reduction("ReduceMean", Ops::mean, 0, Double::sum),
            new Reduction("ReduceMax", Ops::max, Double.NEGATIVE_INFINITY, Math::max),
            new Reduction("ReduceMin", (x, axes) -> Ops.neg(Ops.max(Ops.neg(x), axes)), Double.POSITIVE_INFINITY,
                    Math::min),
            new Reduction("ReduceL1", (x, axes) -> Ops.sum(Ops.abs(x), axes), 0, (a, b) -> a + Math.abs(b)),
            new Reduction("ReduceL2", Ops::norm, 0, Math::hypot),
            new Reduction("ReduceSumSquare", (x, axes) -> Ops.sum(Ops.mul(x, x), axes), 0, (a, b) -> a + b * b),
            new Reduction("ReduceLogSum", (x, axes) -> Ops.log(Ops.sum(x, axes)), Double.NEGATIVE_INFINITY,
                    (a, b) -> Math.log(Math.exp(a) + b)),
            new Reduction("ReduceLogSumExp", ReductionOps::logSumExp, Double.NEGATIVE_INFINITY,
                    (a, b) -> Math.log(Math.exp(a) + Math.exp(b))));

    static List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        for (Reduction reduction : ALL) {
            entries.add(one(reduction.type(), 1, c -> reduce(c, reduction)).structural(1));
        }
        entries.add(one("ReduceProd", 1, c -> Value.of(onHost(c, c.host(0), axes(c), 1, (a, b) -> a * b)))
                .structural(1));
        return entries;
    }

    private static int[] axes(Call c) {
        int rank = c.rank(0);
        long[] given = c.axesGiven(1).orElse(new long[0]);
        if (given.length > 0) {
            return c.axes(given, rank);
        }
        return c.attributes().flag("noop_with_empty_axes", false) ? new int[0] : IntStream.range(0, rank).toArray();
    }

    private static Value reduce(Call c, Reduction reduction) {
        int[] axes = axes(c);
        boolean empty = Arrays.stream(axes).anyMatch(a -> c.shape(0).dim(a) == 0);
        boolean stays = axes.length == 0 && List.of("ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin")
                .contains(reduction.type());
        if (stays) {
            return c.value(0);
        }
        if (c.value(0) instanceof Value.OnHost || empty || axes.length == 0) {
            HostArray x = c.host(0);
            if (reduction.type().equals("ReduceMean") && !empty) {
                int count = Arrays.stream(axes).map(a -> x.shape().dim(a)).reduce(1, Math::multiplyExact);
                HostArray sum = onHost(c, HostMath.mapReal(x, ElementType.DOUBLE, v -> v), axes, 0, Double::sum);
                return Value.of(HostMath.mapReal(sum, x.type(), v -> v / count));
            }
            return Value.of(onHost(c, x, axes, reduction.start(), reduction.combine()));
        }
        Tensor x = c.tensor(0);
        Tensor y = reduction.device().apply(x, axes);
        return Value.of(c.attributes().flag("keepdims", true) ? y
                : Ops.reshape(y, without(x.shape(), axes).toArray()));
    }

    private static Shape without(Shape shape, int[] axes) {
        return Shape.of(IntStream.range(0, shape.rank()).filter(i -> Arrays.binarySearch(axes, i) < 0)
                .map(shape::dim).toArray());
    }

    /** log Σ exp x = m + log Σ exp(x − m) with m the maximum, so that nothing overflows. */
    private static Tensor logSumExp(Tensor x, int[] axes) {
        Tensor top = Ops.max(x, axes);
        return Ops.add(top, Ops.log(Ops.sum(Ops.exp(Ops.sub(x, top)), axes)));
    }

    private static HostArray onHost(Call c, HostArray x, int[] axes, double start, DoubleBinaryOperator combine) {
        Shape kept = x.shape();
        for (int axis : axes) {
            kept = kept.with(axis, 1);
        }
        double[] values = x.reals();
        double[] result = new double[HostArray.count(kept)];
        ElementType type = x.type();
        double first = Double.isInfinite(start) && type.isInteger() ? extreme(type, start) : start;
        Arrays.fill(result, first);
        HostMath.walk(x.shape(), kept, x.shape(), (i, p, q) -> result[q] = combine.applyAsDouble(result[q], values[p]));
        Shape shape = c.attributes().flag("keepdims", true) ? kept : without(x.shape(), axes);
        return HostArray.of(type, shape, result);
    }

    /** What stands for infinity in an integer type. */
    private static double extreme(ElementType type, double sign) {
        if (type == ElementType.BOOL) {
            return sign > 0 ? 1 : 0;
        }
        if (type.isUnsigned()) {
            return sign > 0 ? Math.scalb(1.0, type.bits()) - 1 : 0;
        }
        return sign > 0 ? Math.scalb(1.0, type.bits() - 1) - 1 : -Math.scalb(1.0, type.bits() - 1);
    }
}
