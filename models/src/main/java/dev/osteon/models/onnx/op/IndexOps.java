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
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Elements by number. All of it is {@code Ops.select} with positions worked out on the host, so gradients flow. */
final class IndexOps {

    private IndexOps() {}

    static List<Entry> entries() {
        return List.of(
                one("Gather", 1, IndexOps::gather),
                one("GatherElements", 11, IndexOps::gatherElements),
                one("GatherND", 11, IndexOps::gatherNd),
                one("OneHot", 9, IndexOps::oneHot).structural(1),
                one("Compress", 9, IndexOps::compress).structural(1),
                one("NonZero", 9, IndexOps::nonZero).with(Entry.Trait.VALUES_SHAPE));
    }

    /** Indices within 0 … size − 1; negative ones count from the end. */
    static long[] within(Call c, long[] given, int size) {
        long[] indices = new long[given.length];
        for (int i = 0; i < indices.length; i++) {
            indices[i] = given[i] < 0 ? given[i] + size : given[i];
            if (indices[i] < 0 || indices[i] >= size) {
                throw c.problem("index " + given[i], -size + " to " + (size - 1));
            }
        }
        return indices;
    }

    private static Value gather(Call c) {
        int axis = c.axis("axis", 0, c.rank(0));
        int[] dims = c.shape(0).toArray();
        int[] result = IntStream.concat(IntStream.concat(Arrays.stream(dims, 0, axis),
                Arrays.stream(c.shape(1).toArray())), Arrays.stream(dims, axis + 1, dims.length)).toArray();
        c.affordable(Shape.of(result));
        long[] indices = within(c, c.longs(1), dims[axis]);
        return c.move(0, x -> Ops.reshape(select(x, indices, axis), result));
    }

    /** Neighbours are a slice, which costs less and needs no indices on the device. */
    private static Tensor select(Tensor x, long[] indices, int axis) {
        return indices.length == 1 ? Ops.slice(x, axis, (int) indices[0], 1)
                : Ops.select(x, HostArray.int64(x.device(), Shape.of(indices.length), indices), axis);
    }

    /** Elements of x at {@code positions} in row-major order, as an array of {@code shape}. */
    private static Value flat(Call c, Shape shape, long[] positions) {
        return c.move(0, x -> Ops.reshape(Ops.select(Ops.reshape(x, (int) x.size()),
                HostArray.int64(x.device(), Shape.of(positions.length), positions), 0), shape.toArray()));
    }

    private static Value gatherElements(Call c) {
        int axis = c.axis("axis", 0, c.rank(0));
        return flat(c, c.shape(1), elementPositions(c, axis));
    }

    /** Where the element of each index lies in the first operand: its own place, but for {@code axis}. */
    static long[] elementPositions(Call c, int axis) {
        Shape from = c.shape(0);
        int[] dims = c.shape(1).toArray();
        if (dims.length != from.rank()) {
            throw c.problem("indices " + c.shape(1) + " for " + from, "the same rank");
        }
        for (int i = 0; i < dims.length; i++) {
            if (i != axis && dims[i] > from.dim(i)) {
                throw c.problem("indices " + c.shape(1) + " for " + from, "no larger sizes");
            }
        }
        long[] strides = from.strides(dev.osteon.engine.tensor.Layout.ROW_MAJOR);
        long[] indices = within(c, c.longs(1), from.dim(axis));
        long[] positions = new long[indices.length];
        for (int i = 0; i < positions.length; i++) {
            long rest = i;
            for (int d = dims.length - 1; d >= 0; d--) {
                positions[i] += (d == axis ? indices[i] : rest % dims[d]) * strides[d];
                rest /= dims[d];
            }
        }
        return positions;
    }

    private static Value gatherNd(Call c) {
        int batch = c.attributes().index("batch_dims", 0);
        int[] dims = c.shape(0).toArray();
        int depth = c.shape(1).dim(-1);
        int[] lead = Arrays.copyOf(c.shape(1).toArray(), c.rank(1) - 1);
        int[] tail = Arrays.copyOfRange(dims, batch + depth, dims.length);
        Shape shape = Shape.of(IntStream.concat(Arrays.stream(lead), Arrays.stream(tail)).toArray());
        return flat(c, shape, tuplePositions(c, batch));
    }

    /** Where the slices lie that the tuples of the second operand name, element by element. */
    static long[] tuplePositions(Call c, int batch) {
        int[] dims = c.shape(0).toArray();
        int depth = c.rank(1) == 0 ? 0 : c.shape(1).dim(-1);
        if (batch + depth > dims.length) {
            throw c.problem("tuples of " + depth + " for " + c.shape(0), "at most " + (dims.length - batch));
        }
        long[] strides = c.shape(0).strides(dev.osteon.engine.tensor.Layout.ROW_MAJOR);
        int inner = Arrays.stream(dims, batch + depth, dims.length).reduce(1, Math::multiplyExact);
        long[] given = c.longs(1);
        int tuples = depth == 0 ? (int) c.shape(1).size() : given.length / depth;
        int batches = Arrays.stream(dims, 0, batch).reduce(1, Math::multiplyExact);
        long perBatch = Arrays.stream(dims, batch, dims.length).asLongStream().reduce(1, Math::multiplyExact);
        long[] positions = new long[(int) c.affordable(Shape.of(tuples, inner)).size()];
        for (int t = 0; t < tuples; t++) {
            long start = batches == 0 ? 0 : (long) t / Math.max(1, tuples / batches) * perBatch;
            for (int k = 0; k < depth; k++) {
                start += within(c, new long[] {given[t * depth + k]}, dims[batch + k])[0] * strides[batch + k];
            }
            for (int i = 0; i < inner; i++) {
                positions[t * inner + i] = start + i;
            }
        }
        return positions;
    }

    private static Value oneHot(Call c) {
        int depth = c.size(c.longs(1)[0]);
        int[] dims = c.shape(0).toArray();
        int axis = c.axis("axis", -1, dims.length + 1);
        int[] result = IntStream.concat(IntStream.concat(Arrays.stream(dims, 0, axis), IntStream.of(depth)),
                Arrays.stream(dims, axis, dims.length)).toArray();
        int inner = Arrays.stream(dims, axis, dims.length).reduce(1, Math::multiplyExact);
        long[] hot = c.longs(0);
        long[] which = new long[HostArray.count(Shape.of(result))];
        for (int i = 0; i < hot.length; i++) {
            long index = hot[i] < 0 ? hot[i] + depth : hot[i];
            if (index >= 0 && index < depth) {      // others are all off
                which[(int) (((long) i / inner * depth + index) * inner + i % inner)] = 1;
            }
        }
        return Value.of(c.host(2).pick(Shape.of(result), which));
    }

    private static Value compress(Call c) {
        long[] keep = c.longs(1);
        long[] places = LongStream.range(0, keep.length).filter(i -> keep[(int) i] != 0).toArray();
        if (!c.attributes().has("axis")) {
            return flat(c, Shape.of(places.length), within(c, places, (int) c.shape(0).size()));
        }
        int axis = c.axis("axis", 0, c.rank(0));
        long[] within = within(c, places, c.shape(0).dim(axis));
        return c.move(0, x -> Ops.select(x, HostArray.int64(x.device(), Shape.of(within.length), within), axis));
    }

    private static Value nonZero(Call c) {
        double[] values = c.doubles(0);
        int[] dims = c.shape(0).toArray();
        List<Integer> hits = new ArrayList<>();
        for (int i = 0; i < values.length; i++) {
            if (values[i] != 0) {
                hits.add(i);
            }
        }
        long[] result = new long[dims.length * hits.size()];
        for (int h = 0; h < hits.size(); h++) {
            int rest = hits.get(h);
            for (int d = dims.length - 1; d >= 0; d--) {
                result[d * hits.size() + h] = rest % dims[d];
                rest /= dims[d];
            }
        }
        return Value.of(HostArray.of(ElementType.INT64, Shape.of(dims.length, hits.size()), result));
    }
}
