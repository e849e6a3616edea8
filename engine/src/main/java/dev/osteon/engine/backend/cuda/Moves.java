package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;

/** Copies of elements between strides: as memory, through transposing tiles, or in runs as long as both sides have. */
final class Moves {

    private static final int TILE = 32;
    /** With fewer rows or columns tiles are mostly empty, and a cache line read for one row holds others, too. */
    private static final int SMALL = 16;
    /** That a thread moves at once. */
    private static final int MOST_BYTES = 16;

    private Moves() {}

    /** The elements of a four-dimensional tensor in another layout. */
    static void relayout(CudaRuntime cuda, Shape shape, int bytes, long from, Layout fromLayout, long to,
            Layout toLayout) {
        int[] order = Walk.order(shape, toLayout);
        copy(cuda, bytes, Walk.of(Walk.pick(shape.toArray(), order), Walk.pick(shape.strides(fromLayout), order),
                Walk.pick(shape.strides(toLayout), order)), from, to);
    }

    /** to[walk's operand 1] = from[walk's operand 0], elements of {@code bytes} bytes. */
    static void copy(CudaRuntime cuda, int bytes, Walk walk, long from, long to) {
        long count = 1;
        for (int dim : walk.dims()) {
            count *= dim;
        }
        if (count == 0) {
            return;
        }
        if (walk.dense(0) && walk.dense(1)) {
            cuda.copy(from, to, count * bytes);
        } else if (transposes(walk)) {
            int rank = walk.dims().length;
            int rows = walk.dims()[rank - 1];
            int columns = walk.dims()[rank - 2];
            int batch = rank == 3 ? walk.dims()[0] : 1;
            boolean pairs = bytes == 2 && rows % 2 == 0 && columns % 2 == 0 && (from | to) % 4 == 0;
            int tile = pairs ? 2 * TILE : TILE;
            long tiles = (long) Math.ceilDiv(rows, tile) * Math.ceilDiv(columns, tile) * batch;
            Launch launch = cuda.launch("shapes", "transpose_" + (pairs ? "pairs_" : "") + "b" + bytes).address(from)
                    .address(to).integer(rows).integer(columns).integer(batch);
            launch.grid(launch.blocks(tiles), 1, TILE, Launch.BLOCK / TILE);
        } else {
            int pack = pack(bytes, walk, from, to);
            cuda.launch("shapes", "copy_b" + pack * bytes).walk(pack == 1 ? walk : walk.inRuns(pack))
                    .wide(count / pack).address(from).address(to).over(count / pack);
        }
    }

    /** How many neighbouring elements can be moved as one of at most {@value #MOST_BYTES} bytes. */
    private static int pack(int bytes, Walk walk, long from, long to) {
        int pack = MOST_BYTES / bytes;
        while (pack > 1 && !((from | to) % (pack * bytes) == 0 && walk.runs(pack))) {
            pack /= 2;
        }
        return pack;
    }

    /** Whether the target is dense and the source the same matrices with rows and columns exchanged. */
    private static boolean transposes(Walk walk) {
        int rank = walk.dims().length;
        if (rank < 2 || rank > 3) {
            return false;
        }
        long rows = walk.dims()[rank - 1];
        long columns = walk.dims()[rank - 2];
        long[] from = walk.strides()[0];
        long[] to = walk.strides()[1];
        return rows >= SMALL && columns >= SMALL && to[rank - 1] == 1 && to[rank - 2] == rows
                && from[rank - 1] == columns && from[rank - 2] == 1
                && (rank == 2 || from[0] == rows * columns && to[0] == rows * columns);
    }
}
