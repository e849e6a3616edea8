package dev.osteon.engine.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A nest of loops over a result, outermost first, and the element strides of up to three operands along it. Loops of
 * size 1 are left out, and neighbours that all operands run through as one are one: most broadcasts are one or two
 * loops, and dense operands a single one.
 *
 * @param dims    sizes
 * @param strides of each operand, along each loop
 */
record Walk(int[] dims, long[][] strides) {

    /** {@code struct Walk} of common.cuh. */
    static final int BYTES = 4 + 8 * 4 + 4 + 3 * 8 * 8;
    private static final int MAX_RANK = 8;
    private static final int OPERANDS = 3;

    /** The loops {@code dims}, merged where that changes nothing. */
    static Walk of(int[] dims, long[]... strides) {
        int[] sizes = new int[dims.length];
        long[][] steps = new long[strides.length][dims.length];
        int rank = 0;
        for (int d = 0; d < dims.length; d++) {
            if (dims[d] == 1) {
                continue;
            }
            int at = d;
            int inner = rank;
            boolean merges = rank > 0 && (long) sizes[rank - 1] * dims[d] <= Integer.MAX_VALUE
                    && IntStream.range(0, strides.length)
                            .allMatch(k -> steps[k][inner - 1] == strides[k][at] * dims[at]);
            if (merges) {
                sizes[rank - 1] *= dims[d];
            } else {
                sizes[rank++] = dims[d];
            }
            for (int k = 0; k < strides.length; k++) {
                steps[k][rank - 1] = strides[k][d];
            }
        }
        if (rank > MAX_RANK) {
            throw new EngineException("the CUDA backend walks over at most " + MAX_RANK + " dimensions, not " + rank);
        }
        int kept = rank;
        return new Walk(Arrays.copyOf(sizes, rank), Arrays.stream(steps).map(s -> Arrays.copyOf(s, kept))
                .toArray(long[][]::new));
    }

    /** The walk along a result's memory with the operands broadcast to it. */
    static Walk broadcast(Tensor result, List<Tensor> operands) {
        Shape shape = result.shape();
        int[] order = order(shape, result.layout());
        return of(pick(shape.toArray(), order), operands.stream()
                .map(t -> pick(t.shape().stridesWithin(shape, t.layout()), order)).toArray(long[][]::new));
    }

    /** The dimensions of a dense tensor, slowest in memory first. */
    static int[] order(Shape shape, Layout layout) {
        return layout == Layout.NHWC ? new int[] {0, 2, 3, 1} : IntStream.range(0, shape.rank()).toArray();
    }

    static int[] pick(int[] values, int[] order) {
        return Arrays.stream(order).map(i -> values[i]).toArray();
    }

    static long[] pick(long[] values, int[] order) {
        return Arrays.stream(order).mapToLong(i -> values[i]).toArray();
    }

    /** Whether operand {@code k} lies as the walk goes. */
    boolean dense(int k) {
        return dims.length == 0 || dims.length == 1 && strides[k][0] == 1;
    }

    /** Whether operand 0 can be walked in steps of {@code pack} neighbouring elements, as {@link #packed} does. */
    boolean packs(int pack) {
        int last = dims.length - 1;
        return last >= 0 && strides[0][last] == 1 && dims[last] % pack == 0
                && Arrays.stream(strides[0], 0, last).allMatch(s -> s % pack == 0);
    }

    /** Whether each step of operand 0 is a multiple of {@code pack} elements. */
    boolean inMultiplesOf(int pack) {
        return Arrays.stream(strides[0]).allMatch(s -> s % pack == 0);
    }

    /** Operand 0 alone, in steps of {@code pack} neighbouring elements. */
    Walk packed(int pack) {
        int last = dims.length - 1;
        int[] sizes = dims.clone();
        long[] steps = strides[0].clone();
        sizes[last] /= pack;
        steps[last] = pack;
        return new Walk(sizes, new long[][] {steps});
    }

    /** Whether all operands can be walked in runs of {@code pack} neighbouring elements. */
    boolean runs(int pack) {
        int last = dims.length - 1;
        return last >= 0 && dims[last] % pack == 0 && Arrays.stream(strides)
                .allMatch(s -> s[last] == 1 && Arrays.stream(s, 0, last).allMatch(step -> step % pack == 0));
    }

    /** The same walk over runs of {@code pack} elements as if they were one. */
    Walk inRuns(int pack) {
        int last = dims.length - 1;
        int[] sizes = dims.clone();
        sizes[last] /= pack;
        return new Walk(sizes, Arrays.stream(strides).map(s -> IntStream.rangeClosed(0, last)
                .mapToLong(d -> d == last ? 1 : s[d] / pack).toArray()).toArray(long[][]::new));
    }

    /** A hash of all that it is. */
    long numbers() {
        return Capture.mix(Arrays.hashCode(dims), Arrays.deepHashCode(strides));
    }

    void write(MemorySegment block, long at) {
        block.set(JAVA_INT, at, dims.length);
        for (int d = 0; d < MAX_RANK; d++) {
            block.set(JAVA_INT, at + 4 + 4L * d, d < dims.length ? dims[d] : 1);
        }
        for (int k = 0; k < OPERANDS; k++) {
            for (int d = 0; d < MAX_RANK; d++) {
                long stride = k < strides.length && d < dims.length ? strides[k][d] : 0;
                block.set(JAVA_LONG, at + 40 + 8L * (k * MAX_RANK + d), stride);
            }
        }
    }
}
