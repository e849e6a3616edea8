package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.tensor.Shape;
import java.util.Arrays;
import java.util.Comparator;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * A loop over a result's elements in the order of its memory, with where each operand's element lies (a stride of 0
 * where the operand is broadcast). Neighbouring dimensions that every operand walks evenly are one, so that most loops
 * have one or two.
 */
final class Nest {

    private final long[] dims;
    private final long[][] strides;

    private Nest(long[] dims, long[][] strides) {
        this.dims = dims;
        this.strides = strides;
    }

    /** Part of the innermost dimension: elements first … first + n − 1 of the loop, operand k's from at[k] on. */
    @FunctionalInterface
    interface Row {
        void run(long first, long[] at, int n);
    }

    /**
     * @param strides element strides of each operand over {@code shape}; the first one's decide the order
     */
    static Nest of(Shape shape, long[]... strides) {
        int[] order = IntStream.range(0, shape.rank()).filter(axis -> shape.dim(axis) != 1).boxed()
                .sorted(Comparator.comparingLong(axis -> -strides[0][axis])).mapToInt(Integer::intValue).toArray();
        long[] dims = new long[Math.max(1, order.length)];
        long[][] merged = new long[strides.length][dims.length];
        dims[0] = 1;
        int last = -1;
        for (int axis : order) {
            boolean even = last >= 0;
            for (int k = 0; even && k < strides.length; k++) {
                even = merged[k][last] == strides[k][axis] * shape.dim(axis);
            }
            last += even ? 0 : 1;
            dims[last] = (even ? dims[last] : 1) * shape.dim(axis);
            for (int k = 0; k < strides.length; k++) {
                merged[k][last] = strides[k][axis];
            }
        }
        int rank = Math.max(1, last + 1);
        for (int k = 0; k < strides.length; k++) {
            merged[k] = Arrays.copyOf(merged[k], rank);
        }
        return new Nest(Arrays.copyOf(dims, rank), merged);
    }

    int rank() {
        return dims.length;
    }

    /** Size of dimension {@code axis}, the innermost being {@code rank() − 1}. */
    long dim(int axis) {
        return dims[axis];
    }

    long stride(int operand, int axis) {
        return strides[operand][axis];
    }

    /** Elements from one of operand {@code operand}'s elements to the next in a row. */
    long step(int operand) {
        return strides[operand][dims.length - 1];
    }

    /** Where operand {@code operand}'s element number {@code index} of the loop lies. */
    long offset(int operand, long index) {
        long offset = 0;
        long rest = index;
        for (int axis = dims.length - 1; axis > 0; axis--) {
            offset += rest % dims[axis] * strides[operand][axis];
            rest /= dims[axis];
        }
        return offset + rest * strides[operand][0];
    }

    /** Number of elements of the result. */
    long count() {
        long count = 1;
        for (long dim : dims) {
            count *= dim;
        }
        return count;
    }

    /**
     * Visits all rows, in pieces of at most {@code most} elements; threads take at least {@code grain} elements.
     *
     * @param row makes one thread's body, with its own working memory
     */
    void rows(long grain, int most, Supplier<Row> row) {
        Parallel.forRange(count(), grain, (from, to) -> walk(from, to, most, row.get()));
    }

    /** Visits elements {@code from} to {@code to} − 1 on this thread. */
    void walk(long from, long to, int most, Row row) {
        if (from >= to) {
            return;   // dimensions may be 0
        }
        int last = dims.length - 1;
        long[] index = new long[dims.length];
        long[] at = new long[strides.length];
        long rest = from;
        for (int axis = last; axis >= 0; axis--) {
            move(index, at, axis, rest % dims[axis]);
            rest /= dims[axis];
        }
        for (long i = from; i < to;) {
            int n = (int) Math.min(Math.min(most, to - i), dims[last] - index[last]);
            row.run(i, at, n);
            i += n;
            move(index, at, last, n);
            for (int axis = last; axis > 0 && index[axis] == dims[axis]; axis--) {
                move(index, at, axis, -dims[axis]);
                move(index, at, axis - 1, 1);
            }
        }
    }

    private void move(long[] index, long[] at, int axis, long by) {
        index[axis] += by;
        for (int k = 0; k < at.length; k++) {
            at[k] += by * strides[k][axis];
        }
    }
}
