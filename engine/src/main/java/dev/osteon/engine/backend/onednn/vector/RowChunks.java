package dev.osteon.engine.backend.onednn.vector;

/** Rows in chunks that are the same for every thread count, so that sums over them are, too. */
record RowChunks(long rows) {

    private static final int CHUNKS = 64;       // more cost more to combine
    private static final int FEWEST_ROWS = 32;
    static final int MOST_ROWS = 512;

    private int rowsPerChunk() {
        return Math.clamp(rows / CHUNKS, FEWEST_ROWS, MOST_ROWS);
    }

    int number() {
        return Math.toIntExact((rows + rowsPerChunk() - 1) / rowsPerChunk());
    }

    long start(int chunk) {
        return (long) chunk * rowsPerChunk();
    }

    long end(int chunk) {
        return Math.min(rows, (chunk + 1L) * rowsPerChunk());
    }

    int count(int chunk) {
        return (int) (end(chunk) - start(chunk));
    }
}
