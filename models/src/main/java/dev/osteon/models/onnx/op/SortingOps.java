package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.many;
import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.DoubleBinaryOperator;
import java.util.function.IntBinaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.stream.IntStream;

/** Orders along an axis: the largest, the first of each kind, running sums. */
final class SortingOps {

    private static final Total SUM = new Total(0, Long::sum, Double::sum);
    private static final Total PRODUCT = new Total(1, (a, b) -> a * b, (a, b) -> a * b);

    private SortingOps() {}

    static List<Entry> entries() {
        return List.of(
                one("ArgMax", 1, c -> arg(c, 1)),
                one("ArgMin", 1, c -> arg(c, -1)),
                many("TopK", 1, c -> topK(c, c.attributes().integer("k", 1))),
                many("TopK", 10, c -> topK(c, c.longs(1)[0])).structural(1),
                many("Unique", 11, SortingOps::unique).with(Entry.Trait.VALUES_SHAPE),
                one("CumSum", 11, SortingOps::cumSum).structural(1),
                one("CumProd", 26, SortingOps::cumProd).structural(1));
    }

    /** Compares elements of an array by position; a NaN is the largest. */
    private static IntBinaryOperator order(HostArray x) {
        if (x.type() == ElementType.STRING) {
            return (a, b) -> x.texts()[a].compareTo(x.texts()[b]);
        }
        if (x.type().isReal()) {
            double[] values = x.reals();
            return (a, b) -> values[a] == values[b] ? 0 : Double.compare(values[a], values[b]);
        }
        long[] values = x.integers();
        return x.type().isUnsigned() ? (a, b) -> Long.compareUnsigned(values[a], values[b])
                : (a, b) -> Long.compare(values[a], values[b]);
    }

    /** A row-major array as rows along an axis: element i of row r lies at {@code start(r) + i·inner}. */
    private record Rows(int count, int size, int inner) {
        static Rows of(Shape shape, int axis) {
            int[] dims = shape.toArray();
            int inner = Arrays.stream(dims, axis + 1, dims.length).reduce(1, Math::multiplyExact);
            int outer = Arrays.stream(dims, 0, axis).reduce(1, Math::multiplyExact);
            return new Rows(outer * inner, dims[axis], inner);
        }

        int at(int row, int i) {
            return (row / inner * size + i) * inner + row % inner;
        }
    }

    private static Value arg(Call c, int sign) {
        HostArray x = c.host(0);
        int axis = c.axis("axis", 0, c.rank(0));
        boolean last = c.attributes().flag("select_last_index", false);
        Rows rows = Rows.of(x.shape(), axis);
        IntBinaryOperator order = order(x);
        long[] best = new long[rows.count()];
        for (int row = 0; row < best.length; row++) {
            for (int i = 1; i < rows.size(); i++) {
                int comparison = sign * order.applyAsInt(rows.at(row, i), rows.at(row, (int) best[row]));
                best[row] = comparison > 0 || last && comparison == 0 ? i : best[row];
            }
        }
        Shape kept = x.shape().with(axis, 1);
        Shape shape = c.attributes().flag("keepdims", true) ? kept : without(kept, axis);
        return Value.of(HostArray.of(ElementType.INT64, shape, best));
    }

    private static Shape without(Shape shape, int axis) {
        int[] dims = shape.toArray();
        return Shape.of(IntStream.range(0, dims.length).filter(i -> i != axis).map(i -> dims[i]).toArray());
    }

    /** The values are gathered, so that gradients reach what was chosen. */
    private static List<Value> topK(Call c, long k) {
        HostArray x = c.host(0);
        int axis = c.axis("axis", -1, c.rank(0));
        boolean largest = c.attributes().flag("largest", true);
        Rows rows = Rows.of(x.shape(), axis);
        int kept = c.size(k);
        if (kept > rows.size()) {
            throw c.problem("k = " + k + " of " + x.shape(), "at most " + rows.size());
        }
        Shape shape = x.shape().with(axis, kept);
        Rows result = Rows.of(shape, axis);
        long[] indices = new long[(int) shape.size()];
        long[] positions = new long[indices.length];
        IntBinaryOperator order = order(x);
        for (int row = 0; row < rows.count(); row++) {
            int number = row;
            Comparator<Integer> byValue = (a, b) -> order.applyAsInt(rows.at(number, a), rows.at(number, b));
            List<Integer> sorted = new ArrayList<>(IntStream.range(0, rows.size()).boxed().toList());
            sorted.sort(largest ? byValue.reversed() : byValue);
            for (int i = 0; i < kept; i++) {
                indices[result.at(row, i)] = sorted.get(i);
                positions[result.at(row, i)] = rows.at(row, sorted.get(i));
            }
        }
        Value values = c.move(0, t -> Ops.reshape(Ops.select(Ops.reshape(t, (int) t.size()),
                HostArray.int64(t.device(), Shape.of(positions.length), positions), 0), shape.toArray()));
        return List.of(values, Value.of(HostArray.of(ElementType.INT64, shape, indices)));
    }

    /** Results: the distinct slices, where each is first, which one each input slice is, and how often each is. */
    private static List<Value> unique(Call c) {
        HostArray x = c.attributes().has("axis") ? c.host(0) : c.host(0).reshaped(Shape.of(c.host(0).size()));
        int axis = c.axis("axis", 0, x.shape().rank());
        Rows rows = Rows.of(x.shape(), axis);
        IntBinaryOperator order = order(x);
        Comparator<Integer> bySlice = (a, b) -> {
            int comparison = 0;
            for (int row = 0; row < rows.count() && comparison == 0; row++) {
                comparison = order.applyAsInt(rows.at(row, a), rows.at(row, b));
            }
            return comparison;
        };
        Map<Integer, List<Integer>> groups = groups(rows.size(), bySlice,
                c.attributes().flag("sorted", true));
        Shape shape = x.shape().with(axis, groups.size());
        long[] positions = new long[HostArray.count(shape)];
        Rows result = Rows.of(shape, axis);
        long[] inverse = new long[rows.size()];
        int number = 0;
        for (Map.Entry<Integer, List<Integer>> group : groups.entrySet()) {
            for (int row = 0; row < rows.count(); row++) {
                positions[result.at(row, number)] = rows.at(row, group.getKey());
            }
            for (int member : group.getValue()) {
                inverse[member] = number;
            }
            number++;
        }
        return List.of(Value.of(x.pick(shape, positions)),
                Value.of(HostArray.longs(groups.keySet().stream().mapToLong(i -> i).toArray())),
                Value.of(HostArray.longs(inverse)),
                Value.of(HostArray.longs(groups.values().stream().mapToLong(List::size).toArray())));
    }

    /** Equal slices by the first of them, in order of value or of appearance. */
    private static Map<Integer, List<Integer>> groups(int size, Comparator<Integer> bySlice, boolean sorted) {
        List<Integer> byValue = new ArrayList<>(IntStream.range(0, size).boxed().toList());
        byValue.sort(bySlice);                       // stable: the first of equals comes first
        Map<Integer, List<Integer>> groups = new LinkedHashMap<>();
        int first = -1;
        for (int i : byValue) {
            if (first < 0 || bySlice.compare(first, i) != 0) {
                first = i;
            }
            groups.computeIfAbsent(first, k -> new ArrayList<>()).add(i);
        }
        return sorted ? groups : new java.util.TreeMap<>(groups);
    }

    private static Value cumSum(Call c) {
        int axis = c.axis(c.longs(1)[0], c.rank(0));
        boolean exclusive = c.attributes().flag("exclusive", false);
        boolean reverse = c.attributes().flag("reverse", false);
        if (c.value(0) instanceof Value.OnHost(HostArray x)) {
            return Value.of(scan(x, axis, exclusive, reverse, SUM));
        }
        Tensor x = c.tensor(0);
        return Value.of(runningSums(exclusive ? moved(x, axis, 1, reverse) : x, axis, reverse));
    }

    /**
     * All at once in log₂ n steps (Hillis and Steele 1986, "Data parallel algorithms"): after the step by d each
     * element is the sum of the last 2d up to it.
     */
    private static Tensor runningSums(Tensor x, int axis, boolean reverse) {
        Tensor sums = x;
        for (long by = 1; by < x.dim(axis); by *= 2) {
            sums = Ops.add(sums, moved(sums, axis, (int) by, reverse));
        }
        return sums;
    }

    /** Each element {@code by} places on, or back; zeros take the places that are left. */
    private static Tensor moved(Tensor x, int axis, int by, boolean back) {
        int rest = Math.max(0, x.dim(axis) - by);
        int zeros = x.dim(axis) - rest;
        return back ? Ops.pad(Ops.slice(x, axis, zeros, rest), axis, 0, zeros, 1)
                : Ops.pad(Ops.slice(x, axis, 0, rest), axis, zeros, 0, 1);
    }

    private static Value cumProd(Call c) {
        return Value.of(scan(c.host(0), c.axis(c.longs(1)[0], c.rank(0)), c.attributes().flag("exclusive", false),
                c.attributes().flag("reverse", false), PRODUCT));
    }

    /** What a running total begins with, and how an element is added to it. */
    private record Total(int start, LongBinaryOperator integers, DoubleBinaryOperator reals) {}

    private static HostArray scan(HostArray x, int axis, boolean exclusive, boolean reverse, Total how) {
        Rows rows = Rows.of(x.shape(), axis);
        if (x.type().isReal()) {
            double[] values = x.reals();
            double[] result = new double[values.length];
            for (int row = 0; row < rows.count(); row++) {
                double total = how.start();
                for (int i = 0; i < rows.size(); i++) {
                    int at = rows.at(row, reverse ? rows.size() - 1 - i : i);
                    double after = how.reals().applyAsDouble(total, values[at]);
                    result[at] = exclusive ? total : after;
                    total = after;
                }
            }
            return HostArray.of(x.type(), x.shape(), result);
        }
        long[] values = x.integers();
        long[] result = new long[values.length];
        for (int row = 0; row < rows.count(); row++) {
            long total = how.start();
            for (int i = 0; i < rows.size(); i++) {
                int at = rows.at(row, reverse ? rows.size() - 1 - i : i);
                long after = how.integers().applyAsLong(total, values[at]);
                result[at] = exclusive ? total : after;
                total = after;
            }
        }
        return HostArray.of(x.type(), x.shape(), result);
    }
}
