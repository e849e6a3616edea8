package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Lanes.COUNT;
import static dev.osteon.engine.backend.onednn.vector.Lanes.F32;

import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * The rows of a matrix x [n, d] in tiles of {@link #SIZE}, with zeros behind the last row and column, laid out twice as
 * the products need them.
 *
 * @param tiles   how many
 * @param depth   d
 * @param width   d rounded up to {@link Floats#COLUMNS}
 * @param rows    [tiles·SIZE, width]
 * @param columns the transpose of each tile, [tiles, depth, SIZE]
 */
record TileRows(int n, int tiles, int depth, int width, float[] rows, float[] columns) {

    /** Rows of a tile: of two of them, their product and their gradients a core's second-level cache holds several. */
    static final int SIZE = Math.max(64, Floats.COLUMNS);

    /** Of group {@code group} of x [n, d] or [g, n, d]. */
    static TileRows of(Tensor x, int group) {
        int n = x.dim(-2);
        int depth = x.dim(-1);
        long start = (long) group * n * depth;
        int tiles = (n + SIZE - 1) / SIZE;
        int width = (depth + Floats.COLUMNS - 1) / Floats.COLUMNS * Floats.COLUMNS;
        float[] rows = new float[Math.multiplyExact(tiles * SIZE, width)];
        float[] columns = new float[Math.multiplyExact(tiles * SIZE, depth)];
        Strip from = Strip.of(x);
        Parallel.forRange(tiles, Math.max(1, (1 << 14) / (SIZE * Math.max(1, depth))), (first, end) -> {
            double[] row = new double[Doubles.padded(depth)];
            for (int i = (int) first * SIZE; i < Math.min(n, end * SIZE); i++) {
                from.read(start + (long) i * depth, 1, row, depth);
                int column = i / SIZE * SIZE * depth + i % SIZE;
                for (int k = 0; k < depth; k++) {
                    rows[i * width + k] = (float) row[k];
                    columns[column + k * SIZE] = (float) row[k];
                }
            }
        });
        return new TileRows(n, tiles, depth, width, rows, columns);
    }

    /** s[SIZE, SIZE] = x_i·x_jᵀ for the rows of two tiles. */
    void products(int i, int j, float[] s) {
        Arrays.fill(s, 0);
        Floats.multiplyAdd(new Floats.Left(rows, i * SIZE * width, width, 1),
                new Floats.Right(columns, j * SIZE * depth, SIZE), depth, s, 0, SIZE, SIZE, SIZE);
    }

    /** s[tiles·SIZE] = x_i·p_i, summed as {@link #products(int, int, float[])} sums: equal rows give equal bits. */
    void products(TileRows p, float[] s) {
        for (int i = 0; i < s.length; i += COUNT) {
            int at = i / SIZE * SIZE * depth + i % SIZE;
            FloatVector sum = FloatVector.zero(F32);
            for (int k = 0; k < depth; k++) {
                sum = Floats.load(columns, at + k * SIZE).fma(Floats.load(p.columns, at + k * SIZE), sum);
            }
            sum.intoArray(s, i);
        }
    }

    /** Rows of tile {@code i} that are rows of x. */
    int count(int i) {
        return Math.min(SIZE, n - i * SIZE);
    }
}
