package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.many;
import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.optimise.Optimiser;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** The same elements in another shape or order. */
final class ShapeOps {

    private ShapeOps() {}

    static List<Entry> entries() {
        return List.of(
                one("Identity", 1, c -> c.value(0)),
                one("Reshape", 1, c -> reshape(c, c.attributes().integers("shape").orElseThrow())),
                one("Reshape", 5, c -> reshape(c, c.longs(1))).structural(1),
                new Entry(Optimiser.DOMAIN, "TokensOfImage", 1, Set.of(1), Set.of(), c -> List.of(tokensOfImage(c))),
                new Entry(Optimiser.DOMAIN, "ImageOfTokens", 1, Set.of(1), Set.of(), c -> List.of(imageOfTokens(c))),
                one("Flatten", 1, ShapeOps::flatten),
                one("Squeeze", 1, ShapeOps::squeeze).structural(1),
                one("Unsqueeze", 1, ShapeOps::unsqueeze).structural(1),
                one("Transpose", 1, ShapeOps::transpose),
                one("Concat", 1, ShapeOps::concat),
                many("Split", 1, ShapeOps::split).structural(1),
                one("Slice", 1, c -> slice(c, c.attributes().integers("starts").orElseThrow(),
                        c.attributes().integers("ends").orElseThrow())),
                one("Slice", 10, c -> slice(c, c.longs(1), c.longs(2))).structural(1, 2, 3, 4),
                one("Expand", 8, ShapeOps::expand).structural(1),
                one("Tile", 6, ShapeOps::tile).structural(1),
                one("DepthToSpace", 1, ShapeOps::depthToSpace),
                one("SpaceToDepth", 1, ShapeOps::spaceToDepth),
                one("ReverseSequence", 10, ShapeOps::reverseSequence));
    }

    private static Value reshape(Call c, long[] wanted) {
        return reshaped(c, resolved(c, wanted, c.shape(0)));
    }

    /** [N, C, H, W] → [N, C, H·W] → [N, H·W, C], by way of [N, H, W, C], which is a view of channels-last memory. */
    private static Value tokensOfImage(Call c) {
        int[] dims = resolved(c, c.longs(1), c.shape(0));
        Tensor x = c.onDevice(0);
        boolean pixels = x.rank() == 4 && dims.length == 3 && dims[0] == x.dim(0) && dims[1] == x.dim(1);
        return Value.of(pixels ? Ops.reshape(Ops.permute(x, 0, 2, 3, 1), dims[0], dims[2], dims[1])
                : Ops.permute(Ops.reshape(x, dims), 0, 2, 1));
    }

    /** [N, H·W, C] → [N, C, H·W] → [N, C, H, W], the same way back. */
    private static Value imageOfTokens(Call c) {
        Tensor x = c.onDevice(0);
        int[] dims = resolved(c, c.longs(1), Shape.of(x.dim(0), x.dim(2), x.dim(1)));
        boolean pixels = dims.length == 4 && dims[0] == x.dim(0) && dims[1] == x.dim(2);
        return Value.of(pixels ? Ops.permute(Ops.reshape(x, dims[0], dims[2], dims[3], dims[1]), 0, 3, 1, 2)
                : Ops.reshape(Ops.permute(x, 0, 2, 1), dims));
    }

    /** The shape that is meant by one with 0 for "as it is" and −1 for "what is left". */
    static int[] resolved(Call c, long[] wanted, Shape given) {
        int[] own = given.toArray();
        int[] dims = new int[wanted.length];
        boolean zeroIsZero = c.attributes().flag("allowzero", false);
        int free = -1;
        long product = 1;
        for (int i = 0; i < dims.length; i++) {
            if (wanted[i] == -1 && free < 0) {
                free = i;
                dims[i] = 1;
            } else if (wanted[i] == 0 && !zeroIsZero && i < own.length) {
                dims[i] = own[i];
            } else {
                dims[i] = c.size(wanted[i]);
            }
            product = Math.multiplyExact(product, (long) dims[i]);
        }
        long size = given.size();
        if (free >= 0 && product > 0 && size % product == 0) {
            dims[free] = (int) (size / product);
            product = size;
        }
        if (product != size) {
            throw c.problem("shape " + Arrays.toString(wanted) + " for " + given, "the same number of elements");
        }
        return dims;
    }

    private static Value reshaped(Call c, int[] dims) {
        return c.value(0) instanceof Value.OnHost(HostArray x) ? Value.of(x.reshaped(Shape.of(dims)))
                : Value.of(Ops.reshape(c.onDevice(0), dims));
    }

    private static Value flatten(Call c) {
        int[] dims = c.shape(0).toArray();
        long given = c.attributes().integer("axis", 1);
        int axis = (int) (given < 0 ? given + dims.length : given);
        if (axis < 0 || axis > dims.length) {
            throw c.problem("axis " + given, "0 to " + dims.length);
        }
        int rows = Arrays.stream(dims, 0, axis).reduce(1, Math::multiplyExact);
        int columns = Arrays.stream(dims, axis, dims.length).reduce(1, Math::multiplyExact);
        return reshaped(c, new int[] {rows, columns});
    }

    private static Value squeeze(Call c) {
        int[] dims = c.shape(0).toArray();
        int[] axes = c.axesGiven(1).map(given -> c.axes(given, dims.length)).orElseGet(
                () -> IntStream.range(0, dims.length).filter(i -> dims[i] == 1).toArray());
        for (int axis : axes) {
            if (dims[axis] != 1) {
                throw c.problem("axis " + axis + " of " + c.shape(0), "a size of 1");
            }
        }
        return reshaped(c, IntStream.range(0, dims.length).filter(i -> Arrays.binarySearch(axes, i) < 0)
                .map(i -> dims[i]).toArray());
    }

    private static Value unsqueeze(Call c) {
        long[] given = c.axesGiven(1).orElseThrow(() -> c.problem("no axes", "axes"));
        int[] dims = c.shape(0).toArray();
        int rank = dims.length + given.length;
        int[] axes = c.axes(given, rank);
        int[] result = new int[rank];
        int next = 0;
        for (int i = 0; i < rank; i++) {
            result[i] = Arrays.binarySearch(axes, i) >= 0 ? 1 : dims[next++];
        }
        return reshaped(c, result);
    }

    private static Value transpose(Call c) {
        int rank = c.rank(0);
        int[] order = c.attributes().integers("perm").map(p -> Arrays.stream(p).mapToInt(a -> c.axis(a, rank))
                .toArray()).orElseGet(() -> IntStream.range(0, rank).map(i -> rank - 1 - i).toArray());
        boolean stays = IntStream.range(0, order.length).allMatch(i -> order[i] == i);
        return stays && order.length == rank ? c.value(0) : c.move(0, x -> Ops.permute(x, order));
    }

    private static Value concat(Call c) {
        int axis = c.axis("axis", 1, c.rank(0));
        if (c.count() == 1) {
            return c.value(0);
        }
        if (c.allOnHost() || !c.isReal(0)) {
            return Movement.join(IntStream.range(0, c.count()).mapToObj(c::host).toList(), x -> Ops.concat(axis, x));
        }
        return Value.of(Ops.concat(axis, IntStream.range(0, c.count()).mapToObj(c::tensor).toList()));
    }

    private static List<Value> split(Call c) {
        int axis = c.axis("axis", 0, c.rank(0));
        int size = c.shape(0).dim(axis);
        int parts = c.node().outputs().size();
        if (c.attributes().integer("num_outputs", parts) != parts) {
            throw c.problem("num_outputs " + c.attributes().integer("num_outputs", parts), "the node's " + parts);
        }
        long[] sizes = c.has(1) ? c.longs(1) : c.attributes().integers("split").orElseGet(() -> {
            int each = Math.ceilDiv(size, parts);
            return LongStream.range(0, parts).map(i -> Math.max(0, Math.min(each, size - i * each))).toArray();
        });
        if (LongStream.of(sizes).sum() != size) {
            throw c.problem("parts " + Arrays.toString(sizes) + " of " + c.shape(0), "a sum of " + size);
        }
        List<Value> results = new ArrayList<>();
        int start = 0;
        for (long part : sizes) {
            int from = start;
            results.add(c.move(0, x -> Ops.slice(x, axis, from, c.size(part))));
            start += (int) part;
        }
        return results;
    }

    private static Value slice(Call c, long[] starts, long[] ends) {
        int rank = c.rank(0);
        long[] axes = c.has(3) ? c.longs(3) : c.attributes().integers("axes")
                .orElseGet(() -> LongStream.range(0, starts.length).toArray());
        long[] steps = c.has(4) ? c.longs(4) : LongStream.range(0, starts.length).map(i -> 1).toArray();
        if (ends.length != starts.length || axes.length != starts.length || steps.length != starts.length) {
            throw c.problem(starts.length + " starts, " + ends.length + " ends, " + axes.length + " axes and "
                    + steps.length + " steps", "as many of each");
        }
        return c.move(0, x -> {
            Tensor result = x;
            for (int i = 0; i < starts.length; i++) {
                result = slice(c, result, c.axis(axes[i], rank), starts[i], ends[i], steps[i]);
            }
            return result;
        });
    }

    private static Tensor slice(Call c, Tensor x, int axis, long start, long end, long step) {
        int size = x.dim(axis);
        if (step == 0) {
            throw c.problem("a step of 0", "another");
        }
        if (step > 0) {
            long from = Math.clamp(start < 0 ? start + size : start, 0, size);
            long to = Math.clamp(end < 0 ? end + size : end, 0, size);
            int count = (int) Math.max(0, Math.ceilDiv(to - from, step));
            boolean whole = from == 0 && count == size;
            return whole ? x : Ops.slice(x, axis, (int) from, count, (int) Math.min(step, Integer.MAX_VALUE));
        }
        long from = Math.clamp(start < 0 ? start + size : start, -1, size - 1L);
        long to = Math.clamp(end < 0 ? end + size : end, -1, size - 1L);
        int count = (int) Math.max(0, Math.ceilDiv(to - from, step));
        return Ops.select(x, HostArray.int64(x.device(), Shape.of(count),
                LongStream.range(0, count).map(i -> from + i * step).toArray()), axis);
    }

    private static Value expand(Call c) {
        Shape wanted = Shape.of(Arrays.stream(c.longs(1)).mapToInt(c::size).toArray());
        return broadcast(c, 0, c.affordable(Shape.broadcast(c.shape(0), wanted)));
    }

    static Value broadcast(Call c, int operand, Shape shape) {
        return shape.equals(c.shape(operand)) ? c.value(operand) : c.move(operand, x -> Ops.expand(x, shape));
    }

    private static Value tile(Call c) {
        long[] repeats = c.longs(1);
        if (repeats.length != c.rank(0)) {
            throw c.problem(repeats.length + " repeats for " + c.shape(0), "one for each dimension");
        }
        return c.move(0, x -> {
            Tensor result = x;
            for (int axis = 0; axis < repeats.length; axis++) {
                int times = c.size(repeats[axis]);
                c.affordable(result.shape().with(axis, c.size((long) result.dim(axis) * times)));
                result = repeat(result, axis, times);
            }
            return result;
        });
    }

    /** [..., n, ...] to [..., times·n, ...] by way of [..., times, n, ...]. */
    static Tensor repeat(Tensor x, int axis, int times) {
        if (times == 1) {
            return x;
        }
        int[] dims = x.shape().toArray();
        int[] apart = insert(dims, axis, 1);
        int[] repeated = insert(dims, axis, times);
        dims[axis] = Math.multiplyExact(dims[axis], times);
        return Ops.reshape(Ops.expand(Ops.reshape(x, apart), Shape.of(repeated)), dims);
    }

    private static int[] insert(int[] dims, int at, int size) {
        return IntStream.concat(IntStream.concat(Arrays.stream(dims, 0, at), IntStream.of(size)),
                Arrays.stream(dims, at, dims.length)).toArray();
    }

    private static Value depthToSpace(Call c) {
        int b = c.attributes().index("blocksize", 1);
        int[] d = c.shape(0).toArray();
        if (d.length != 4 || b < 1 || d[1] % (b * b) != 0) {
            throw c.problem(c.shape(0) + " in blocks of " + b, "[N, C, H, W] with C divisible by the square of it");
        }
        int depth = d[1] / (b * b);
        boolean columnsFirst = c.attributes().text("mode", "DCR").equals("CRD");
        int[] apart = columnsFirst ? new int[] {d[0], depth, b, b, d[2], d[3]}
                : new int[] {d[0], b, b, depth, d[2], d[3]};
        int[] order = columnsFirst ? new int[] {0, 1, 4, 2, 5, 3} : new int[] {0, 3, 4, 1, 5, 2};
        return c.move(0, x -> Ops.reshape(Ops.permute(Ops.reshape(x, apart), order), d[0], depth, d[2] * b, d[3] * b));
    }

    private static Value spaceToDepth(Call c) {
        int b = c.attributes().index("blocksize", 1);
        int[] d = c.shape(0).toArray();
        if (d.length != 4 || b < 1 || d[2] % b != 0 || d[3] % b != 0) {
            throw c.problem(c.shape(0) + " in blocks of " + b, "[N, C, H, W] with H and W divisible by it");
        }
        return c.move(0, x -> Ops.reshape(Ops.permute(Ops.reshape(x, d[0], d[1], d[2] / b, b, d[3] / b, b),
                0, 3, 5, 1, 2, 4), d[0], d[1] * b * b, d[2] / b, d[3] / b));
    }

    /** The first lengths[b] elements along the time axis in reverse, for each b of the batch axis. */
    private static Value reverseSequence(Call c) {
        int time = c.axis("time_axis", 0, c.rank(0));
        int batch = c.axis("batch_axis", 1, c.rank(0));
        long[] lengths = c.longs(1);
        int steps = c.shape(0).dim(time);
        if (lengths.length != c.shape(0).dim(batch)) {
            throw c.problem(lengths.length + " lengths for " + c.shape(0), "one for each of axis " + batch);
        }
        return c.move(0, x -> {
            List<Tensor> samples = new ArrayList<>();
            for (int b = 0; b < lengths.length; b++) {
                int length = (int) Math.min(lengths[b], steps);
                long[] places = LongStream.range(0, steps).map(t -> t < length ? length - 1 - t : t).toArray();
                samples.add(Ops.select(Ops.slice(x, batch, b, 1),
                        HostArray.int64(x.device(), Shape.of(steps), places), time));
            }
            return Ops.concat(batch, samples);
        });
    }
}
