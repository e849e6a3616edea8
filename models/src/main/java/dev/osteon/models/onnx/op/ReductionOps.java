package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/** Sums, means and extremes over axes, given as an attribute or, from opset 13 or 18 on, as an operand. */
final class ReductionOps {

    private ReductionOps() {}

    /**
     * @param device   over axes that are all there and not empty, which it keeps with size 1
     * @param integers on the host, exactly; none where the result is no integer by nature
     * @param reals    on the host
     */
    private record Reduction(String type, BiFunction<Tensor, int[], Tensor> device, Optional<Integers> integers,
            Reals reals) {}

    /**
     * Combining integers.
     *
     * @param start the result over nothing, in the given type
     */
    private record Integers(ToLongFunction<ElementType> start, LongBinaryOperator combine,
            LongBinaryOperator unsigned) {
        static Optional<Integers> of(long start, LongBinaryOperator combine) {
            return Optional.of(new Integers(type -> start, combine, combine));
        }
    }

    /**
     * Combining real numbers.
     *
     * @param start the result over nothing, before {@code last}
     * @param last  what follows
     */
    private record Reals(double start, DoubleBinaryOperator combine, DoubleUnaryOperator last) {
        static Reals of(double start, DoubleBinaryOperator combine) {
            return new Reals(start, combine, v -> v);
        }
    }

    private static final Integers MAX = new Integers(type -> smallest(type), Math::max,
            (a, b) -> Long.compareUnsigned(a, b) > 0 ? a : b);
    private static final Integers MIN = new Integers(type -> type == ElementType.BOOL ? 1 : ~smallest(type), Math::min,
            (a, b) -> Long.compareUnsigned(a, b) < 0 ? a : b);

    private static final List<Reduction> ALL = List.of(
            new Reduction("ReduceSum", Ops::sum, Integers.of(0, Long::sum), Reals.of(0, Double::sum)),
            new Reduction("ReduceMean", Ops::mean, Integers.of(0, Long::sum), Reals.of(0, Double::sum)),
            new Reduction("ReduceMax", Ops::max, Optional.of(MAX), Reals.of(Double.NEGATIVE_INFINITY, Math::max)),
            new Reduction("ReduceMin", (x, axes) -> Ops.neg(Ops.max(Ops.neg(x), axes)), Optional.of(MIN),
                    Reals.of(Double.POSITIVE_INFINITY, Math::min)),
            new Reduction("ReduceL1", (x, axes) -> Ops.sum(Ops.abs(x), axes),
                    Optional.of(new Integers(type -> 0, (a, b) -> a + Math.abs(b), Long::sum)),
                    Reals.of(0, (a, b) -> a + Math.abs(b))),
            new Reduction("ReduceL2", Ops::norm, Optional.empty(), Reals.of(0, Math::hypot)),
            new Reduction("ReduceSumSquare", (x, axes) -> Ops.sum(Ops.mul(x, x), axes),
                    Integers.of(0, (a, b) -> a + b * b), Reals.of(0, (a, b) -> a + b * b)),
            new Reduction("ReduceLogSum", (x, axes) -> Ops.log(Ops.sum(x, axes)), Optional.empty(),
                    new Reals(0, Double::sum, Math::log)),
            new Reduction("ReduceLogSumExp", ReductionOps::logSumExp, Optional.empty(),
                    Reals.of(Double.NEGATIVE_INFINITY, ReductionOps::logSumExp)));

    private static final Reduction PRODUCT = new Reduction("ReduceProd", (x, axes) -> x,
            Integers.of(1, (a, b) -> a * b), Reals.of(1, (a, b) -> a * b));

    static List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        for (Reduction reduction : ALL) {
            entries.add(one(reduction.type(), 1, c -> reduce(c, reduction)).structural(1));
        }
        entries.add(one(PRODUCT.type(), 1, c -> Value.of(onHost(c, PRODUCT, axes(c)))).structural(1));
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
        if (c.value(0) instanceof Value.OnHost || !c.isReal(0) || empty || axes.length == 0) {
            return Value.of(onHost(c, reduction, axes));
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

    /** log Σ exp x = m + log Σ exp(x − m) with m the maximum, made finite, so that nothing overflows. */
    private static Tensor logSumExp(Tensor x, int[] axes) {
        double most = x.dtype() == DType.F64 ? Double.MAX_VALUE : Float.MAX_VALUE;
        Tensor top = Ops.clamp(Ops.max(x, axes), -most, most);
        return Ops.add(top, Ops.log(Ops.sum(Ops.exp(Ops.sub(x, top)), axes)));
    }

    private static double logSumExp(double a, double b) {
        double top = Math.max(a, b);
        return Double.isInfinite(top) ? top : top + Math.log(Math.exp(a - top) + Math.exp(b - top));
    }

    private static HostArray onHost(Call c, Reduction reduction, int[] axes) {
        HostArray x = c.host(0);
        Shape kept = x.shape();
        for (int axis : axes) {
            kept = kept.with(axis, 1);
        }
        int count = HostArray.count(kept);
        boolean mean = reduction.type().equals("ReduceMean") && x.size() > 0;
        int each = mean ? x.size() / count : 1;
        Shape shape = c.attributes().flag("keepdims", true) ? kept : without(x.shape(), axes);
        boolean unsigned = x.type().isUnsigned();
        if (x.type().isInteger() && reduction.integers().isPresent()) {
            Integers how = reduction.integers().get();
            LongBinaryOperator combine = unsigned ? how.unsigned() : how.combine();
            long[] values = x.integers();
            long[] result = new long[count];
            Arrays.fill(result, how.start().applyAsLong(x.type()));
            HostMath.walk(x.shape(), kept, x.shape(),
                    (i, p, q) -> result[q] = combine.applyAsLong(result[q], values[p]));
            return HostArray.of(x.type(), shape, Arrays.stream(result).map(v -> unsigned
                    ? Long.divideUnsigned(v, each) : v / each).toArray());
        }
        double[] values = x.reals();
        double[] result = new double[count];
        Reals how = reduction.reals();
        Arrays.fill(result, how.start());
        HostMath.walk(x.shape(), kept, x.shape(),
                (i, p, q) -> result[q] = how.combine().applyAsDouble(result[q], values[p]));
        return HostArray.of(x.type(), shape, Arrays.stream(result).map(v -> how.last().applyAsDouble(v) / each)
                .toArray());
    }

    /** The least number of an integer type; its complement is the greatest. */
    private static long smallest(ElementType type) {
        return type.isUnsigned() || type == ElementType.BOOL ? 0 : -1L << type.bits() - 1;
    }
}
