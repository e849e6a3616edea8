package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;

/**
 * How activations [N, channels, ...] lie, and the jobs that batch-norm's kernels cut them into: {@code struct Channels}
 * of batchnorm.cu. It follows from the shape alone, and so does the order of sums.
 *
 * @param values of a channel
 * @param count  channels-last the rows, otherwise a channel's packs
 * @param piece  of those, a part's
 * @param inner  packs of a run of one channel's values, which are neighbours in memory
 * @param width  packs of channels of a tile
 * @param tiles  of packs of channels, or of one channel each
 * @param last   1 if channels are innermost
 * @param size   elements of a pack
 */
record Channels(long channels, long values, long count, long piece, long inner, long width, long tiles, long parts,
        long last, int size) {

    /** Two rounds of three blocks on each of an H100's multiprocessors. */
    private static final long JOBS = 792;
    /** The least visits of a thread in a part: fewer cost more in sums of parts than they gain. */
    private static final long VISITS = 4;

    static Channels of(Tensor x) {
        long channels = x.dim(1);
        long inner = 1;
        for (int d = 2; d < x.rank() && x.layout() == Layout.ROW_MAJOR; d++) {
            inner *= x.dim(d);
        }
        long values = x.size() / Math.max(1, channels);
        boolean last = inner == 1;
        int pack = Addresses.pack(x.dtype());
        boolean fits = (last ? channels : inner) % pack == 0 && x.size() / pack < 1L << 32;
        int size = fits ? pack : 1;
        if (last) {
            long packs = Math.max(1, channels / size);
            long tiles = Math.ceilDiv(packs, Launch.WARP);
            long width = Math.ceilDiv(packs, tiles);
            long visited = Launch.BLOCK / width * VISITS;
            long parts = parts(values, tiles, visited);
            return new Channels(channels, values, values, Math.ceilDiv(values, parts), inner, width, tiles, parts, 1,
                    size);
        }
        long count = values / size;
        long parts = parts(count, channels, Launch.BLOCK * VISITS);
        return new Channels(channels, values, count, Math.ceilDiv(count, parts), Math.max(1, inner / size), 1,
                channels, parts, 0, size);
    }

    private static long parts(long count, long tiles, long visited) {
        return Math.clamp(Math.ceilDiv(JOBS, Math.max(1, tiles)), 1, Math.max(1, Math.ceilDiv(count, visited)));
    }

    Launch arguments(Launch launch) {
        return launch.wides(channels, values, count, piece, inner, width, tiles, parts, last, size);
    }

    /** Queues it with a block for each job; nothing for none. */
    void over(Launch launch) {
        if (channels > 0) {
            launch.grid(Math.toIntExact(tiles * parts), 1, Launch.BLOCK, 1);
        }
    }
}
