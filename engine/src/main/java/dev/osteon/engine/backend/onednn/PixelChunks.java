package dev.osteon.engine.backend.onednn;

import dev.osteon.engine.backend.onednn.machine.PairProducts;
import dev.osteon.engine.backend.onednn.vector.PairSums;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.Comparator;
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

    private static final Map<Key, PixelChunks> MADE = new ConcurrentHashMap<>();

    private final Images images;
    private final int outParts;
    private final int inParts;
    /** Of each slice. */
    private final List<List<Chunk>> slices;
    private final long lineBytes;

    private record Key(Images images, int threads) {}

    private PixelChunks(Images images, int threads) {
        this.images = images;
        long all = PairSums.bytes(images.taps(), images.in / BLOCK, images.out / BLOCK);
        boolean sliced = all <= MOST_SUMS;
        int slices = sliced ? (int) Math.min(threads, MOST_SLICES / all) : 1;
        int parts = sliced ? 1 : threads;
        while (all / parts > MOST_SUMS) {
            parts *= 2;
        }
        int wanted = parts;
        outParts = divisors(wanted).boxed().min(Comparator.comparingInt(n -> panels(n, wanted / n))).orElseThrow();
        inParts = wanted / outParts;
        int lines = Math.max(FEWEST_LINES, MOST_LINES / (PairProducts.LINE * panels(outParts, inParts)));
        List<Chunk> chunks = chunks(images, Math.max(1, lines / images.pairs()), slices);
        this.slices = IntStream.range(0, slices).mapToObj(slice -> List.copyOf(chunks.subList(
                chunks.size() * slice / slices, chunks.size() * (slice + 1) / slices))).toList();
        lineBytes = chunks.stream().mapToLong(chunk -> outPanels(outParts) * chunk.resultPanel(images.pairs())
                + inPanels(inParts) * chunk.inputPanel(images.pairs())).max().orElseThrow();
    }

    /** The cut for so many threads: the same sums come out for the same number of them. */
    static PixelChunks of(Images images, int threads) {
        return MADE.computeIfAbsent(new Key(images, threads), key -> new PixelChunks(key.images, key.threads));
    }

    private static IntStream divisors(int n) {
        return IntStream.rangeClosed(1, n).filter(d -> n % d == 0);
    }

    Images images() {
        return images;
    }

    int slices() {
        return slices.size();
    }

    int tasks() {
        return slices.size() * outParts * inParts;
    }

    /** Most panels of a task's lines. */
    private int panels(int outParts, int inParts) {
        return outPanels(outParts) + inPanels(inParts);
    }

    private int outPanels(int parts) {
        return Math.ceilDiv(images.out / BLOCK, parts);
    }

    private int inPanels(int parts) {
        return Math.ceilDiv(images.in / BLOCK, parts) * images.kernel.width();
    }

    /**
     * A convolution's sizes; where single pixels are its operands, they are taken as the rows of one image.
     *
     * @param in  channels
     * @param out channels of the results
     */
    record Images(int count, int inHeight, int inWidth, int in, int outHeight, int outWidth, int out, Window kernel,
            Window stride, Window padding, Window dilation) {

        private static final int LONGEST = 64;

        static Images of(Conv2d op, TensorSpec x, TensorSpec dw, TensorSpec dy) {
            Window kernel = new Window(dw.dim(2), dw.dim(3));
            boolean pointwise = kernel.equals(Window.ONE) && op.stride().equals(Window.ONE)
                    && op.padding().equals(Window.ZERO);
            int pixels = Math.toIntExact(dy.shape().size() / dy.dim(1));
            if (pointwise && pixels % 2 == 0) {
                int width = IntStream.rangeClosed(2, LONGEST).filter(w -> w % 2 == 0 && pixels % w == 0).max()
                        .orElseThrow();
                return new Images(1, pixels / width, width, x.dim(1), pixels / width, width, dy.dim(1), kernel,
                        op.stride(), op.padding(), op.dilation());
            }
            return new Images(x.dim(0), x.dim(2), x.dim(3), x.dim(1), dy.dim(2), dy.dim(3), dy.dim(1), kernel,
                    op.stride(), op.padding(), op.dilation());
        }

        int taps() {
            return kernel.height() * kernel.width();
        }

        /** Pairs of a row of results. */
        int pairs() {
            return results().pairs();
        }

        /** Pairs of all rows. */
        long allPairs() {
            return (long) count * outHeight * pairs();
        }

        Columns results() {
            return new Columns(0, 1, outWidth, outWidth);
        }

        /** The pixels that a column of the kernel meets. */
        Columns inputs(int column) {
            return new Columns(column * dilation.width() - padding.width(), stride.width(), outWidth, inWidth);
        }

        private Chunk chunk(int image, int count, int from, int end) {
            return new Chunk(image, count, from, end, InputRows.of(this, from, end), bands(from, end));
        }

        private List<Band> bands(int from, int end) {
            InputRows inputs = InputRows.of(this, from, end);
            int step = stride.height();
            List<Band> bands = new ArrayList<>();
            for (int k = 0; k < kernel.height(); k++) {
                int offset = offset(k);
                int first = Math.max(from, Math.ceilDiv(-offset, step));
                int last = Math.min(end - 1, Math.floorDiv(inHeight - 1 - offset, step));
                if (first <= last) {
                    bands.add(new Band(k, last - first + 1, first - from, inputs.at(first * step + offset)));
                }
            }
            return bands;
        }

        /** The row of the input that a row of the kernel meets at the first row of results. */
        private int offset(int kernelRow) {
            return kernelRow * dilation.height() - padding.height();
        }
    }

    /**
     * Which pixels of a row are taken: {@code first}, {@code first + step} …, {@code count} of them, with zeros for
     * those that are not among the row's {@code width}.
     */
    record Columns(int first, int step, int count, int width) {

        /** Pairs that they make; a last one may have no second pixel. */
        int pairs() {
            return (count + 1) / 2;
        }

        boolean has(int index) {
            int column = first + index * step;
            return index < count && column >= 0 && column < width;
        }

        boolean hasBoth(int pair) {
            return has(2 * pair) && has(2 * pair + 1);
        }
    }

    /** Some of all blocks of channels. */
    record Blocks(int from, int end) {

        int count() {
            return end - from;
        }

        private static Blocks of(int channels, int part, int parts) {
            int blocks = channels / BLOCK;
            return new Blocks(blocks * part / parts, blocks * (part + 1) / parts);
        }
    }

    /** What a task has. */
    record Part(List<Chunk> chunks, Blocks out, Blocks in) {}

    Part part(int task) {
        return new Part(slices.get(task / (outParts * inParts)),
                Blocks.of(images.out, task / inParts % outParts, outParts),
                Blocks.of(images.in, task % inParts, inParts));
    }

    /** Most bytes of a task's sums. */
    long sumBytes() {
        return PairSums.bytes(images.taps(), Math.ceilDiv(images.in / BLOCK, inParts),
                Math.ceilDiv(images.out / BLOCK, outParts));
    }

    /** Most bytes of a chunk's lines. */
    long lineBytes() {
        return lineBytes;
    }

    /** Chunks of at most {@code rows} rows of results, of several images where these have fewer. */
    private static List<Chunk> chunks(Images images, int rows, int slices) {
        int whole = rows / images.outHeight;
        List<Chunk> chunks = new ArrayList<>();
        if (whole > 0) {
            int count = Math.min(images.count, Math.ceilDiv(Math.ceilDiv(images.count, whole), slices) * slices);
            for (int i = 0; i < count; i++) {
                int first = images.count * i / count;
                chunks.add(images.chunk(first, images.count * (i + 1) / count - first, 0, images.outHeight));
            }
            return chunks;
        }
        int perImage = Math.ceilDiv(images.outHeight, rows);
        if (images.count == 1) {
            perImage = Math.min(images.outHeight, Math.ceilDiv(perImage, slices) * slices);
        }
        for (int i = 0; i < images.count * perImage; i++) {
            int part = i % perImage;
            chunks.add(images.chunk(i / perImage, 1, images.outHeight * part / perImage,
                    images.outHeight * (part + 1) / perImage));
        }
        return chunks;
    }

    /**
     * Rows {@code from} to {@code end} − 1 of the results of {@code count} images, from {@code image} on, with the
     * input rows that they come of, and where a row of the kernel meets which.
     */
    record Chunk(int image, int count, int from, int end, InputRows inputs, List<Band> bands) {

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

    /**
     * What a row of the kernel meets: {@code rows} rows of results from a chunk's row {@code result} on with as many
     * rows of the input from its row {@code input} on.
     */
    record Band(int kernelRow, int rows, int result, int input) {}

    /**
     * Input rows of a chunk, in an order in which those that one row of the kernel meets follow each other: with a
     * stride of 2, the even ones and then the odd ones.
     *
     * @param first of each remainder of the stride the first row
     * @param start where that lies
     */
    record InputRows(int[] rows, int[] first, int[] start, int step) {

        static InputRows of(Images images, int from, int end) {
            int step = images.stride.height();
            int low = Math.max(0, from * step + images.offset(0));
            int high = Math.min(images.inHeight - 1, (end - 1) * step + images.offset(images.kernel.height() - 1));
            int[] used = IntStream.range(0, images.kernel.height()).map(k -> Math.floorMod(images.offset(k), step))
                    .distinct().toArray();
            int[] first = new int[step];
            int[] start = new int[step];
            List<Integer> rows = new ArrayList<>();
            for (int remainder : used) {
                first[remainder] = low + Math.floorMod(remainder - low, step);
                start[remainder] = rows.size();
                for (int row = first[remainder]; row <= high; row += step) {
                    rows.add(row);
                }
            }
            return new InputRows(rows.stream().mapToInt(Integer::intValue).toArray(), first, start, step);
        }

        int total() {
            return rows.length;
        }

        /** Where a row lies. */
        int at(int row) {
            int remainder = row % step;
            return start[remainder] + (row - first[remainder]) / step;
        }
    }
}
