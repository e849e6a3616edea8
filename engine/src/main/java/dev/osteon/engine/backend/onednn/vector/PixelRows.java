package dev.osteon.engine.backend.onednn.vector;

import java.lang.foreign.MemorySegment;

/**
 * A channels-last bfloat16 tensor as rows, each of one or of several pixels, that are worked on a block at a time.
 *
 * @param width elements of a row
 */
record PixelRows(long number, int width) {

    private static final int BLOCK = 32_768;    // elements, 64 KiB: a part of the second-level cache

    /** The same rows of several tensors. */
    interface Block {
        /** @param end how many bytes there are of each */
        void run(MemorySegment[] tensors, int end);
    }

    /** The same row of several tensors. */
    interface Row {
        /** @param at where it starts, in bytes */
        void run(MemorySegment[] tensors, int at);
    }

    RowChunks chunks() {
        return new RowChunks(number);
    }

    /** From one row to the next. */
    int bytes() {
        return width * Short.BYTES;
    }

    MemorySegment rows(FloatRows all, long first, int count) {
        return all.data().asSlice(first * bytes(), (long) count * bytes());
    }

    void eachBlock(int chunk, Block body, FloatRows... tensors) {
        int step = Math.max(1, BLOCK / width);
        int count = chunks().count(chunk);
        for (int r = 0; r < count; r += step) {
            int rows = Math.min(step, count - r);
            MemorySegment[] blocks = new MemorySegment[tensors.length];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = rows(tensors[i], chunks().start(chunk) + r, rows);
            }
            body.run(blocks, rows * bytes());
        }
    }

    void eachRow(int chunk, Row body, FloatRows... tensors) {
        eachBlock(chunk, (blocks, end) -> {
            for (int at = 0; at < end; at += bytes()) {
                body.run(blocks, at);
            }
        }, tensors);
    }

    /** All rows, the last chunk first: what the pass before read last is still in the caches. */
    void backwards(Row body, FloatRows... tensors) {
        Parallel.forRange(chunks().number(), 1, (from, to) -> {
            for (int k = (int) to - 1; k >= from; k--) {
                eachRow(k, body, tensors);
            }
        });
    }
}
