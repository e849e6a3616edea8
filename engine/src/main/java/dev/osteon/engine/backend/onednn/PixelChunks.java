package dev.osteon.engine.backend.onednn;

import dev.osteon.engine.backend.onednn.PixelGeometry.Band;
import dev.osteon.engine.backend.onednn.PixelGeometry.InputRows;
import dev.osteon.engine.backend.onednn.machine.PairProducts;
import dev.osteon.engine.backend.onednn.vector.PairSums;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * How the work of {@link WeightGradient} is cut into tasks. Where the sums of all channels fit the second-level cache,
 * a task has a slice of the pixels, and the slices' sums are added up in the end; otherwise it has some blocks of the
 * channels out and in, and all pixels. It goes through these in chunks of rows or of whole images.
 */
final class PixelChunks {

    private static final int BLOCK = PairProducts.PAIRS;
    /** Most bytes of a task's sums: with a chunk's lines they stay in a second-level cache of 1 MiB. */
    private static final int MOST_SUMS = 640 << 10;
    /** Most bytes of a chunk's lines. */
    private static final int MOST_LINES = 320 << 10;
    /** Most bytes of all slices' sums: they are written once and read once more. */
    private static final int MOST_SLICES = 8 << 20;
    /** Fewest lines of a chunk: with fewer, loading and storing the sums would take a good part of the time. */
    private static final int FEWEST_LINES = 64;
    /** What the products of a line with 32 of the other operand take, by what it takes to make a line. */
    private static final int PRODUCTS_BY_PACKING = 2;

    private static final Map<Key, PixelChunks> MADE = new ConcurrentHashMap<>();

    private final PixelGeometry geometry;
    private final Cut cut;
    /** Of each slice. */
    private final List<List<Chunk>> slices;
    private final long lineBytes;

    private record Key(PixelGeometry geometry, int threads) {}

    private PixelChunks(PixelGeometry geometry, int threads) {
        this.geometry = geometry;
        int outBlocks = geometry.out() / BLOCK;
        int inBlocks = geometry.in() / BLOCK;
        long all = PairSums.bytes(geometry.taps(), inBlocks, outBlocks);
        boolean sliced = all <= MOST_SUMS;
        cut = sliced ? new Cut(1, 1) : Cut.best(geometry, outBlocks, inBlocks, threads);
        int most = sliced ? (int) Math.min(threads, MOST_SLICES / all) : 1;
        int lines = Math.max(FEWEST_LINES, MOST_LINES / (PairProducts.LINE * cut.panels(geometry)));
        List<Chunk> chunks = chunks(geometry, Math.max(1, lines / geometry.pairs()), most);
        int count = Math.min(most, chunks.size());
        slices = IntStream.range(0, count).mapToObj(slice -> List.copyOf(chunks.subList(
                part(chunks.size(), slice, count), part(chunks.size(), slice + 1, count)))).toList();
        lineBytes = chunks.stream().mapToLong(chunk -> cut.outPanels(geometry) * chunk.resultPanel(geometry.pairs())
                + cut.inPanels(geometry) * chunk.inputPanel(geometry.pairs())).max().orElseThrow();
    }

    /** The cut for so many threads: the same sums come out for the same number of them. */
    static PixelChunks of(PixelGeometry geometry, int threads) {
        return MADE.computeIfAbsent(new Key(geometry, threads), key -> new PixelChunks(key.geometry, key.threads));
    }

    /** Where part {@code part} of {@code parts} begins. */
    static int part(int size, int part, int parts) {
        return (int) ((long) size * part / parts);
    }

    /** Channels out and in by so many parts. */
    private record Cut(int outParts, int inParts) {

        /** That in which the thread with most to do has least; sums must fit, as far as they can. */
        static Cut best(PixelGeometry geometry, int outBlocks, int inBlocks, int threads) {
            Cut best = new Cut(outBlocks, inBlocks);
            for (int out = 1; out <= outBlocks; out++) {
                for (int in = 1; in <= inBlocks; in++) {
                    Cut cut = new Cut(out, in);
                    if (cut.sumBytes(geometry) <= MOST_SUMS
                            && cut.longest(geometry, threads) < best.longest(geometry, threads)) {
                        best = cut;
                    }
                }
            }
            return best;
        }

        /** What the thread with most to do has to do with a pair of pixels. */
        private long longest(PixelGeometry geometry, int threads) {
            long tasks = Math.ceilDiv(outParts * inParts, threads);
            long products = (long) outPanels(geometry) * inPanels(geometry) * geometry.kernel().height();
            return tasks * (PRODUCTS_BY_PACKING * products + panels(geometry));
        }

        int panels(PixelGeometry geometry) {
            return outPanels(geometry) + inPanels(geometry);
        }

        /** Most panels of dy's lines that a task has. */
        int outPanels(PixelGeometry geometry) {
            return Math.ceilDiv(geometry.out() / BLOCK, outParts);
        }

        /** Most panels of x's lines that a task has: one for each column of the kernel. */
        int inPanels(PixelGeometry geometry) {
            return Math.ceilDiv(geometry.in() / BLOCK, inParts) * geometry.kernel().width();
        }

        /** Most bytes of a task's sums. */
        long sumBytes(PixelGeometry geometry) {
            return PairSums.bytes(geometry.taps(), Math.ceilDiv(geometry.in() / BLOCK, inParts),
                    outPanels(geometry));
        }
    }

    PixelGeometry geometry() {
        return geometry;
    }

    int slices() {
        return slices.size();
    }

    int tasks() {
        return slices.size() * cut.outParts * cut.inParts;
    }

    /** Some of all blocks of channels. */
    record Blocks(int from, int end) {

        int count() {
            return end - from;
        }

        private static Blocks of(int channels, int part, int parts) {
            int blocks = channels / BLOCK;
            return new Blocks(part(blocks, part, parts), part(blocks, part + 1, parts));
        }
    }

    /** What a task has. */
    record Part(List<Chunk> chunks, Blocks out, Blocks in) {}

    Part part(int task) {
        return new Part(slices.get(task / (cut.outParts * cut.inParts)),
                Blocks.of(geometry.out(), task / cut.inParts % cut.outParts, cut.outParts),
                Blocks.of(geometry.in(), task % cut.inParts, cut.inParts));
    }

    /** Most bytes of a task's sums. */
    long sumBytes() {
        return cut.sumBytes(geometry);
    }

    /** Most bytes of a chunk's lines. */
    long lineBytes() {
        return lineBytes;
    }

    /**
     * Chunks of at most {@code most} rows of results, of several images where these have fewer; as many for each slice,
     * as far as they come out so.
     */
    private static List<Chunk> chunks(PixelGeometry geometry, int most, int slices) {
        int height = geometry.outHeight();
        int rows = Math.clamp((long) geometry.count() * height / slices, 1, most);
        int whole = rows / height;
        List<Chunk> chunks = new ArrayList<>();
        if (whole > 0) {
            int count = Math.min(geometry.count(), roundUp(Math.ceilDiv(geometry.count(), whole), slices));
            for (int i = 0; i < count; i++) {
                int first = part(geometry.count(), i, count);
                chunks.add(Chunk.of(geometry, first, part(geometry.count(), i + 1, count) - first, 0, height));
            }
            return chunks;
        }
        int perImage = Math.ceilDiv(height, rows);
        if (geometry.count() == 1) {
            perImage = Math.min(height, roundUp(perImage, slices));
        }
        for (int image = 0; image < geometry.count(); image++) {
            for (int i = 0; i < perImage; i++) {
                chunks.add(Chunk.of(geometry, image, 1, part(height, i, perImage), part(height, i + 1, perImage)));
            }
        }
        return chunks;
    }

    private static int roundUp(int number, int unit) {
        return Math.ceilDiv(number, unit) * unit;
    }

    /**
     * Rows {@code from} to {@code end} − 1 of the results of {@code count} images, from {@code image} on, with the
     * input rows that they come of, and where a row of the kernel meets which.
     */
    record Chunk(int image, int count, int from, int end, InputRows inputs, List<Band> bands) {

        private static Chunk of(PixelGeometry geometry, int image, int count, int from, int end) {
            return new Chunk(image, count, from, end, InputRows.of(geometry, from, end), geometry.bands(from, end));
        }

        int rows() {
            return end - from;
        }

        /**
         * Bytes of a block's lines of the results, and one line more: so the same lines of all blocks do not share a
         * set of the caches.
         */
        long resultPanel(int pairs) {
            return ((long) count * rows() * pairs + 1) * PairProducts.LINE;
        }

        /** The same of the input, for one column of the kernel. */
        long inputPanel(int pairs) {
            return ((long) count * inputs.total() * pairs + 1) * PairProducts.LINE;
        }
    }
}
