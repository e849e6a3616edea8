package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Where elements of any type lie, to be copied as they are.
 *
 * @param bytes   per element: 1, 2, 4 or 8
 * @param start   element that comes first
 * @param strides elements from one to the next along each dimension of what is copied
 */
record Place(MemorySegment data, int bytes, long start, long[] strides) {

    private static final long GRAIN = 1 << 15;     // elements
    private static final int SHORT_RUN = 64;       // bytes below which a loop is faster than a call for a copy

    /** Tile of a transposition: each visit of it fills whole cache lines of the target from few of the source's. */
    private static final int TILE_ROWS = 64;
    private static final int TILE_COLUMNS = 16;
    /** From one of a tile's columns to the next in its copy: no power of two, which would fall on few cache lines. */
    private static final int TILE_STEP = TILE_ROWS + 1;

    static Place of(Tensor tensor) {
        return of(tensor, 0, tensor.shape().strides(tensor.layout()));
    }

    static Place of(Tensor tensor, long start, long[] strides) {
        return new Place(Lanes.global(tensor.segment()), tensor.dtype().bytes(), start, strides);
    }

    /** One value everywhere in {@code rank} dimensions. */
    static Place filledWith(DType dtype, double value, int rank) {
        MemorySegment one = Arena.ofAuto().allocate(Long.BYTES, Long.BYTES);
        HostData.set(one, dtype, 0, value);
        return new Place(one, dtype.bytes(), 0, new long[rank]);
    }

    /** Copies the elements of {@code shape} to {@code to}, on all threads. */
    void copy(Shape shape, Place to) {
        Nest nest = Nest.of(shape, to.strides, strides);
        int last = nest.rank() - 1;
        if (nest.step(0) == 1 && nest.step(1) == 1) {
            nest.rows(GRAIN, Integer.MAX_VALUE, () -> (first, at, n) -> run(start + at[1], to, to.start + at[0], n));
            return;
        }
        for (int axis = 0; axis < last; axis++) {
            if (nest.stride(1, axis) == 1) {
                new Tiles(nest, axis).copy(this, to);
                return;
            }
        }
        nest.rows(GRAIN, Integer.MAX_VALUE, () -> (first, at, n) ->
                line(start + at[1], nest.step(1), to, to.start + at[0], nest.step(0), n));
    }

    /** Copies {@code n} neighbouring elements. */
    void run(long from, Place to, long target, long n) {
        if (n * bytes < SHORT_RUN) {
            line(from, 1, to, target, 1, (int) n);
        } else {
            MemorySegment.copy(data, from * bytes, to.data, target * bytes, n * bytes);
        }
    }

    /** Copies elements from, from + step, … (n of them) to target, target + targetStep, … */
    void line(long from, long step, Place to, long target, long targetStep, int n) {
        MemorySegment out = to.data;
        switch (bytes) {
            case 1 -> {
                for (int i = 0; i < n; i++) {
                    out.set(JAVA_BYTE, target + i * targetStep, data.get(JAVA_BYTE, from + i * step));
                }
            }
            case 2 -> {
                for (int i = 0; i < n; i++) {
                    out.set(JAVA_SHORT_UNALIGNED, (target + i * targetStep) * 2,
                            data.get(JAVA_SHORT_UNALIGNED, (from + i * step) * 2));
                }
            }
            case 4 -> {
                for (int i = 0; i < n; i++) {
                    out.set(JAVA_INT_UNALIGNED, (target + i * targetStep) * 4,
                            data.get(JAVA_INT_UNALIGNED, (from + i * step) * 4));
                }
            }
            default -> {
                for (int i = 0; i < n; i++) {
                    out.set(JAVA_LONG_UNALIGNED, (target + i * targetStep) * 8,
                            data.get(JAVA_LONG_UNALIGNED, (from + i * step) * 8));
                }
            }
        }
    }

    /**
     * A transposition, tile by tile: the target's memory runs along the nest's last dimension (columns), the source's
     * along {@code rowAxis}. A tile is copied as it lies before it is turned: its columns are often a power of two
     * apart, and the first-level cache has few places for such.
     */
    private record Tiles(Nest nest, int rowAxis) {

        private int lastAxis() {
            return nest.rank() - 1;
        }

        void copy(Place from, Place to) {
            long rows = (nest.dim(rowAxis) + TILE_ROWS - 1) / TILE_ROWS;
            long columns = (nest.dim(lastAxis()) + TILE_COLUMNS - 1) / TILE_COLUMNS;
            long tiles = nest.count() == 0 ? 0
                    : nest.count() / nest.dim(rowAxis) / nest.dim(lastAxis()) * rows * columns;
            Parallel.forRange(tiles, GRAIN / (TILE_ROWS * TILE_COLUMNS), (first, end) -> {
                try (Arena arena = Arena.ofConfined()) {
                    long bytes = (long) TILE_STEP * TILE_COLUMNS * from.bytes;
                    Place turned = new Place(Lanes.global(arena.allocate(bytes)), from.bytes, 0, new long[0]);
                    copy(from, to, turned, rows, columns, first, end);
                }
            });
        }

        private void copy(Place from, Place to, Place turned, long rows, long columns, long first, long end) {
            for (long tile = first; tile < end; tile++) {
                long column = tile % columns * TILE_COLUMNS;
                long row = tile / columns % rows * TILE_ROWS;
                long outer = tile / columns / rows;
                copyTile(from, from.start + start(1, outer, row, column), to,
                        to.start + start(0, outer, row, column), turned,
                        (int) Math.min(TILE_ROWS, nest.dim(rowAxis) - row),
                        (int) Math.min(TILE_COLUMNS, nest.dim(lastAxis()) - column));
            }
        }

        private long start(int operand, long outer, long row, long column) {
            long start = row * nest.stride(operand, rowAxis) + column * nest.step(operand);
            long rest = outer;
            for (int axis = lastAxis() - 1; axis >= 0; axis--) {
                if (axis != rowAxis) {
                    start += rest % nest.dim(axis) * nest.stride(operand, axis);
                    rest /= nest.dim(axis);
                }
            }
            return start;
        }

        private void copyTile(Place from, long source, Place to, long target, Place turned, int rows, int columns) {
            if (columns < TILE_COLUMNS) {      // short rows: go along the source's memory instead
                for (int c = 0; c < columns; c++) {
                    from.line(source + c * nest.step(1), 1, to, target + c * nest.step(0), nest.stride(0, rowAxis),
                            rows);
                }
                return;
            }
            for (int c = 0; c < columns; c++) {
                from.run(source + c * nest.step(1), turned, (long) c * TILE_STEP, rows);
            }
            for (int r = 0; r < rows; r++) {
                turned.line(r, TILE_STEP, to, target + r * nest.stride(0, rowAxis), nest.step(0), columns);
            }
        }
    }
}
