package dev.osteon.engine.backend.onednn;

import dev.osteon.engine.backend.onednn.PixelChunks.Blocks;
import dev.osteon.engine.backend.onednn.PixelChunks.Chunk;
import dev.osteon.engine.backend.onednn.PixelChunks.Part;
import dev.osteon.engine.backend.onednn.PixelGeometry.Band;
import dev.osteon.engine.backend.onednn.PixelGeometry.Columns;
import dev.osteon.engine.backend.onednn.machine.PairProducts.Ahead;
import dev.osteon.engine.backend.onednn.machine.PairProducts.Lines;
import dev.osteon.engine.backend.onednn.machine.PairProducts.Rows;
import dev.osteon.engine.backend.onednn.machine.PairProducts;
import dev.osteon.engine.backend.onednn.vector.PairSums.Weights;
import dev.osteon.engine.backend.onednn.vector.PairSums;
import dev.osteon.engine.backend.onednn.vector.Parallel;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * Gradients of a convolution's weights in bfloat16 as products over pixels, dw[o, c] = Σ dy[pixel, o] · x[pixel, c] for
 * each place of the kernel. Both images are brought into pairs of neighbouring pixels, some rows at a time that stay in
 * the second-level cache, x once for each column of the kernel; then every product is a loop of machine code over them
 * ({@link PairProducts}). oneDNN transposes dy in memory for such products, or adds up in loops of single rows.
 */
final class WeightGradient {

    private static final int BLOCK = PairProducts.PAIRS;
    private static final int LINE = PairProducts.LINE;

    /** Pairs of pixels of all images: with fewer, loading and storing the sums would take a good part of the time. */
    private static final int FEWEST_PAIRS = 64;

    /** AMX multiplies faster than this does. */
    private static final boolean POSSIBLE =
            Dnnl.hasPairProducts() && !Dnnl.hasAmx() && PairSums.fit() && PairProducts.available();

    private final PixelChunks chunks;
    private final PixelGeometry geometry;
    private final Tensor x;
    private final Tensor dy;
    private final Tensor dw;
    private final MemorySegment sums;
    private final MemorySegment lines;
    private final long zeros;
    /** Threads that have a task or several; where each has a slice of the pixels, its number is the slice's. */
    private final int workers;

    /** Working memory is its scope's. */
    private WeightGradient(PixelChunks chunks, int threads, Tensor x, Tensor dy, Tensor dw) {
        this.workers = Math.min(threads, chunks.tasks());
        this.chunks = chunks;
        this.geometry = chunks.geometry();
        this.x = x;
        this.dy = dy;
        this.dw = dw;
        sums = memory(workers * chunks.sumBytes());
        lines = memory(workers * chunks.lineBytes());
        zeros = memory((long) Math.max(geometry.in(), geometry.out()) * Short.BYTES).fill((byte) 0).address();
    }

    /** Whether it can be taken on this machine. */
    static boolean isPossible() {
        return POSSIBLE;
    }

    /** Whether this way is taken: where it can be, and where it was measured to be faster. */
    static boolean takes(Conv2d op, TensorSpec x, TensorSpec dw, TensorSpec dy) {
        return POSSIBLE && x.dtype() == DType.BF16 && op.groups() == 1 && x.layout() == Layout.NHWC
                && dy.layout() == Layout.NHWC && x.dim(1) % BLOCK == 0 && dy.dim(1) % BLOCK == 0
                && x.dim(1) > 0 && dy.dim(1) > 0 && PixelGeometry.of(op, x, dw, dy).allPairs() >= FEWEST_PAIRS;
    }

    /** dw = the gradient of {@code op}'s weights, from its input and the gradient of its result. */
    static void run(Conv2d op, Tensor x, Tensor dy, Tensor dw) {
        int threads = Parallel.threads();
        PixelChunks chunks = PixelChunks.of(PixelGeometry.of(op, x.spec(), dw.spec(), dy.spec()), threads);
        try (TensorScope scope = TensorScope.open()) {
            new WeightGradient(chunks, threads, x, dy, dw).run();
        }
    }

    /** Memory that nobody else has, without a lifetime to check at each access. */
    @SuppressWarnings("restricted")   // the scope holds the tensor open
    private MemorySegment memory(long bytes) {
        TensorSpec floats = TensorSpec.of(Shape.of(Math.toIntExact(bytes / Float.BYTES)), DType.F32);
        MemorySegment memory = Tensor.empty(dw.device(), floats, "weight gradient").segment();
        return MemorySegment.ofAddress(memory.address()).reinterpret(bytes);
    }

    private void run() {
        int tasks = chunks.tasks();
        int slices = chunks.slices();
        Parallel.forRange(workers, 1, (from, end) -> {
            for (int worker = (int) from; worker < end; worker++) {
                int last = PixelChunks.part(tasks, worker + 1, workers);
                for (int task = PixelChunks.part(tasks, worker, workers); task < last; task++) {
                    Part part = chunks.part(task);
                    PairSums own = sums(worker, 1, part);
                    add(part, own, lines.address() + worker * chunks.lineBytes());
                    if (slices == 1) {
                        own.write(new Weights(dw, part.out().from(), part.in().from()), 0,
                                (long) part.out().count() * BLOCK);
                    }
                }
            }
        });
        if (slices > 1) {
            PairSums all = sums(0, slices, chunks.part(0));
            Parallel.forRange(geometry.out(), 1, (from, end) -> all.write(new Weights(dw, 0, 0), from, end));
        }
    }

    private PairSums sums(int first, int slices, Part part) {
        return new PairSums(sums.asSlice(first * chunks.sumBytes()), slices, geometry.taps(), part.in().count(),
                part.out().count());
    }

    private void add(Part part, PairSums own, long lines) {
        own.memory().asSlice(0, PairSums.bytes(geometry.taps(), part.in().count(), part.out().count())).fill((byte) 0);
        List<Chunk> all = part.chunks();
        for (int i = 0; i < all.size(); i++) {
            Upcoming upcoming = new Upcoming();
            if (i + 1 < all.size()) {
                upcoming.add(part, all.get(i + 1));
            }
            new Panels(all.get(i), part, own, lines).multiply(upcoming);
        }
    }

    /** Pixels that are read next, and come nearer in the meantime: products leave the memory idle. */
    private final class Upcoming {
        private final long[] from = new long[2];
        private final long[] end = new long[2];

        /**
         * A chunk's pixels, where all of their channels are wanted: only then do they follow each other. With a stride
         * they are not all of what is in between; what is asked for in vain does no harm.
         */
        void add(Part part, Chunk chunk) {
            if (part.out().count() * BLOCK == geometry.out()) {
                long row = (long) geometry.outWidth() * geometry.out() * Short.BYTES;
                from[0] = dy.segment().address() + ((long) chunk.image() * geometry.outHeight() + chunk.from()) * row;
                end[0] = from[0] + (long) chunk.count() * chunk.rows() * row;
            }
            if (part.in().count() * BLOCK == geometry.in() && chunk.inputs().total() > 0) {
                long row = (long) geometry.inWidth() * geometry.in() * Short.BYTES;
                long first = (long) chunk.image() * geometry.inHeight() + chunk.inputs().lowest();
                from[1] = x.segment().address() + first * row;
                end[1] = from[1] + (long) chunk.count() * chunk.inputs().total() * row;
            }
        }

        /** The next so many bytes. */
        Ahead next(long bytes) {
            for (int i = 0; i < from.length; i++) {
                if (from[i] < end[i]) {
                    Ahead ahead = new Ahead(from[i], LINE / 2);
                    from[i] += bytes;
                    return ahead;
                }
            }
            return Ahead.nothingNew(dy.segment().address());
        }
    }

    /**
     * A chunk's pixels as lines: a panel for each block of dy's channels, then one for each column and block of x's.
     */
    private final class Panels {
        private final Chunk chunk;
        private final Blocks out;
        private final Blocks in;
        private final PairSums own;
        private final long lines;
        private final long resultPanel;
        private final long inputPanel;

        Panels(Chunk chunk, Part part, PairSums own, long lines) {
            this.chunk = chunk;
            this.out = part.out();
            this.in = part.in();
            this.own = own;
            this.lines = lines;
            this.resultPanel = chunk.resultPanel(geometry.pairs());
            this.inputPanel = chunk.inputPanel(geometry.pairs());
        }

        private long result(int block) {
            return lines + block * resultPanel;
        }

        private long input(int column, int block) {
            return result(out.count()) + ((long) column * in.count() + block) * inputPanel;
        }

        void multiply(Upcoming upcoming) {
            packResults();
            packInputs();
            for (int column = 0; column < geometry.kernel().width(); column++) {
                for (int c = 0; c < in.count(); c++) {
                    for (int o = 0; o < out.count(); o++) {
                        for (Band band : chunk.bands()) {
                            multiply(column, c, o, band, upcoming);
                        }
                    }
                }
            }
        }

        private void multiply(int column, int c, int o, Band band, Upcoming upcoming) {
            long row = (long) geometry.pairs() * LINE;
            int tap = band.kernelRow() * geometry.kernel().width() + column;
            long count = (long) band.rows() * geometry.pairs();
            Lines which = new Lines(count, chunk.count(), (chunk.rows() - band.rows()) * row,
                    (chunk.inputs().total() - band.rows()) * row);
            PairProducts.multiply(result(o) + band.result() * row, input(column, c) + band.input() * row,
                    own.memory().address() + own.square(0, tap, c, o),
                    which, upcoming.next(PairProducts.aheadBytes(count * chunk.count())));
        }

        private void packResults() {
            long at = result(0);
            for (int image = chunk.image(); image < chunk.image() + chunk.count(); image++) {
                for (int y = chunk.from(); y < chunk.end(); y++) {
                    long pixel = ((long) image * geometry.outHeight() + y) * geometry.outWidth();
                    long row = dy.segment().address() + (pixel * geometry.out() + out.from() * BLOCK) * Short.BYTES;
                    pack(row, geometry.out(), out.count(), geometry.results(), at, resultPanel);
                    at += (long) geometry.pairs() * LINE;
                }
            }
        }

        private void packInputs() {
            long at = 0;
            for (int image = chunk.image(); image < chunk.image() + chunk.count(); image++) {
                for (int i = 0; i < chunk.inputs().total(); i++) {
                    long y = (long) image * geometry.inHeight() + chunk.inputs().row(i);
                    long pixel = y * geometry.inWidth();
                    long row = x.segment().address() + (pixel * geometry.in() + in.from() * BLOCK) * Short.BYTES;
                    for (int column = 0; column < geometry.kernel().width(); column++) {
                        pack(row, geometry.in(), in.count(), geometry.inputs(column), input(column, 0) + at,
                                inputPanel);
                    }
                    at += (long) geometry.pairs() * LINE;
                }
            }
        }
    }

    /** The lines of a row's columns, of some blocks of channels. */
    private void pack(long row, int channels, int blocks, Columns columns, long to, long panel) {
        long pixel = (long) channels * Short.BYTES;
        long step = columns.step() * pixel;
        int from = 0;
        while (from < columns.pairs() && !columns.hasBoth(from)) {
            from++;
        }
        int end = columns.pairs();
        while (end > from && !columns.hasBoth(end - 1)) {
            end--;
        }
        if (from < end) {
            long first = row + columns.first() * pixel + 2 * from * step;
            PairProducts.interleave(first, first + step, new Rows(end - from, 2 * step, blocks),
                    to + (long) from * LINE, panel);
        }
        for (int pair = 0; pair < columns.pairs(); pair++) {
            if (pair < from || pair >= end) {
                long first = row + columns.first() * pixel + 2 * pair * step;
                PairProducts.interleave(columns.has(2 * pair) ? first : zeros,
                        columns.has(2 * pair + 1) ? first + step : zeros, new Rows(1, 0, blocks),
                        to + (long) pair * LINE, panel);
            }
        }
    }
}
