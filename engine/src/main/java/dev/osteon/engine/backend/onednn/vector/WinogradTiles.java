package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Lanes.COUNT;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import jdk.incubator.vector.FloatVector;

/**
 * The passes between channels-last float32 images and the 36 matrices of a convolution in Winograd's way. The
 * convolution's results are cut into tiles of 4×4, whose 6×6 inputs overlap their neighbours'; transformed along both
 * sides ({@link ToomCook}), a tile is one row in each of 36 matrices [tiles, channels].
 *
 * @param images number of images
 * @param height of the results, in pixels
 * @param width  of the results, in pixels
 */
public record WinogradTiles(int images, int height, int width) {

    /** Matrices: 6×6 points. */
    public static final int MATRICES = 36;
    /** Channels come in multiples of this. */
    public static final int CHANNELS = COUNT;

    private static final int SIDE = 4;
    private static final int POINTS = 6;
    private static final int KERNEL = 3;
    private static final int ELEMENTS = KERNEL * KERNEL;
    private static final int GAP = 80;
    /** Where a vector's kernels begin. */
    private static final int[] APART = IntStream.range(0, COUNT).map(lane -> lane * ELEMENTS).toArray();
    /** Channels that go through both passes of a transform while they are in the first-level cache. */
    private static final int BLOCK = 64;
    private static final int LINE = POINTS * BLOCK;

    /** How the weights of a transposed convolution come out of those of the convolution. */
    public enum Kernel {
        AS_IT_IS, ROTATED
    }

    /**
     * Floats from a matrix to the next. A tile's rows must not lie a power of two apart: 36 of them would share one set
     * of the caches.
     */
    public static long step(long rows, long columns) {
        return rows * columns + GAP;
    }

    /** What the 36 matrices take. */
    public static long floats(long rows, long columns) {
        return MATRICES * step(rows, columns);
    }

    /** Tiles of all images. */
    public int count() {
        return images * perImage();
    }

    private int perImage() {
        return down() * across();
    }

    private int down() {
        return (height + SIDE - 1) / SIDE;
    }

    private int across() {
        return (width + SIDE - 1) / SIDE;
    }

    /**
     * The tiles' 6×6 inputs.
     *
     * @param x        [N, channels, H, W]
     * @param first    image at which these tiles begin
     * @param padding  zeros above an image and to the left of it
     * @param matrices [36, tiles, channels], written
     */
    public void inputs(Tensor x, int first, Window padding, MemorySegment matrices) {
        Pixels pixels = Pixels.of(x);
        Rows rows = new Rows(matrices, count(), pixels.channels);
        each(count(), pixels.channels, (tile, block, n, scratch) -> {
            Square in = pixels.square(first + tile / perImage(), row(tile) - padding.height(),
                    column(tile) - padding.width(), POINTS, block, n, scratch.a);
            for (int j = 0; j < POINTS; j++) {
                ToomCook.inputs(in.data, in.at + j * in.across, in.down, scratch.b, j * BLOCK, LINE, n);
            }
            for (int i = 0; i < POINTS; i++) {
                ToomCook.inputs(scratch.b, i * LINE, BLOCK, rows.data, rows.at(i * POINTS, tile, block), rows.step(),
                        n);
            }
        });
    }

    /** The tiles' 4×4 gradients as filters: {@code dy} [N, channels, height, width] to [36, tiles, channels]. */
    public void gradients(Tensor dy, int first, MemorySegment matrices) {
        Pixels pixels = Pixels.of(dy);
        Rows rows = new Rows(matrices, count(), pixels.channels);
        each(count(), pixels.channels, (tile, block, n, scratch) -> {
            Square in = pixels.square(first + tile / perImage(), row(tile), column(tile), SIDE, block, n, scratch.a);
            for (int j = 0; j < SIDE; j++) {
                ToomCook.filter4(in.data, in.at + j * in.across, in.down, scratch.b, j * BLOCK, LINE, n);
            }
            for (int i = 0; i < POINTS; i++) {
                ToomCook.filter4(scratch.b, i * LINE, BLOCK, rows.data, rows.at(i * POINTS, tile, block), rows.step(),
                        n);
            }
        });
    }

    /**
     * The tiles' results.
     *
     * @param matrices [36, tiles, channels]
     * @param bias     per channel
     * @param floor    the smallest result: 0 for a ReLU, otherwise −∞
     * @param y        [N, channels, height, width], written from image {@code first} on
     */
    public void results(MemorySegment matrices, float[] bias, float floor, Tensor y, int first) {
        Pixels pixels = Pixels.of(y);
        Rows rows = new Rows(matrices, count(), pixels.channels);
        each(count(), pixels.channels, (tile, block, n, scratch) -> {
            for (int j = 0; j < POINTS; j++) {
                ToomCook.results4(rows.data, rows.at(j, tile, block), POINTS * rows.step(), scratch.b, j * BLOCK, LINE,
                        n);
            }
            for (int i = 0; i < SIDE; i++) {
                ToomCook.results4(scratch.b, i * LINE, BLOCK, scratch.a, i * LINE, BLOCK, n);
            }
            pixels.write(first + tile / perImage(), row(tile), column(tile), block, n, scratch.a, bias, floor);
        });
    }

    private int row(int tile) {
        return tile % perImage() / across() * SIDE;
    }

    private int column(int tile) {
        return tile % across() * SIDE;
    }

    /** Weights [O, C, 3, 3] as matrices [36, O, C]. */
    public static void weights(Tensor w, Kernel kernel, MemorySegment matrices) {
        MemorySegment from = Lanes.global(w.segment());
        Rows rows = new Rows(matrices, w.dim(0), w.dim(1));
        each(w.dim(0), w.dim(1), (o, block, n, scratch) -> {
            long start = ((long) o * w.dim(1) + block) * ELEMENTS;
            MemorySegment.copy(from, JAVA_FLOAT, start * Float.BYTES, scratch.kernels, 0, n * ELEMENTS);
            for (int k = 0; k < ELEMENTS; k++) {
                int element = kernel == Kernel.ROTATED ? ELEMENTS - 1 - k : k;
                int at = k / KERNEL * LINE + k % KERNEL * BLOCK;
                for (int c = 0; c < n; c += COUNT) {
                    FloatVector g = FloatVector.fromArray(Lanes.F32, scratch.kernels, c * ELEMENTS + element, APART, 0);
                    Lanes.store(g, scratch.a, at + c);
                }
            }
            for (int j = 0; j < KERNEL; j++) {
                ToomCook.filter3(scratch.a, j * BLOCK, LINE, scratch.b, j * BLOCK, LINE, n);
            }
            for (int i = 0; i < POINTS; i++) {
                ToomCook.filter3(scratch.b, i * LINE, BLOCK, rows.data, rows.at(i * POINTS, o, block), rows.step(), n);
            }
        });
    }

    /** Gradients of weights [O, C, 3, 3] from matrices [36, O, C]. */
    public static void weightGradients(MemorySegment matrices, Tensor dw) {
        MemorySegment to = Lanes.global(dw.segment());
        Rows rows = new Rows(matrices, dw.dim(0), dw.dim(1));
        each(dw.dim(0), dw.dim(1), (o, block, n, scratch) -> {
            for (int j = 0; j < POINTS; j++) {
                ToomCook.results3(rows.data, rows.at(j, o, block), POINTS * rows.step(), scratch.b, j * BLOCK, LINE, n);
            }
            for (int i = 0; i < KERNEL; i++) {
                ToomCook.results3(scratch.b, i * LINE, BLOCK, scratch.a, i * LINE, BLOCK, n);
            }
            for (int k = 0; k < ELEMENTS; k++) {
                int at = k / KERNEL * LINE + k % KERNEL * BLOCK;
                for (int c = 0; c < n; c += COUNT) {
                    Lanes.load(scratch.a, at + c).intoArray(scratch.kernels, c * ELEMENTS + k, APART, 0);
                }
            }
            long start = ((long) o * dw.dim(1) + block) * ELEMENTS;
            MemorySegment.copy(scratch.kernels, 0, to, JAVA_FLOAT, start * Float.BYTES, n * ELEMENTS);
        });
    }

    /** Work on channels {@code block} to {@code block + n − 1} of one row of the matrices. */
    private interface Body {
        void run(int row, int block, int n, Scratch scratch);
    }

    private static void each(int rows, int channels, Body body) {
        Parallel.forRange(rows, 1, (from, to) -> {
            try (Arena arena = Arena.ofConfined()) {
                Scratch scratch = new Scratch(memory(arena), memory(arena), new float[BLOCK * ELEMENTS]);
                for (int row = (int) from; row < to; row++) {
                    for (int block = 0; block < channels; block += BLOCK) {
                        body.run(row, block, Math.min(BLOCK, channels - block), scratch);
                    }
                }
            }
        });
    }

    /**
     * What a thread works in.
     *
     * @param a       a tile's channels [6, 6, {@value #BLOCK}] before or after the passes along its two sides
     * @param b       the same between them
     * @param kernels as weights lie in memory: [{@value #BLOCK}, 3, 3]
     */
    private record Scratch(MemorySegment a, MemorySegment b, float[] kernels) {}

    private static MemorySegment memory(Arena arena) {
        return Lanes.global(arena.allocate((long) POINTS * LINE * Float.BYTES, 64));
    }

    /** The matrices [36, rows, channels]. */
    private record Rows(MemorySegment data, int rows, int channels) {

        Rows {
            data = Lanes.global(data);
        }

        long at(int matrix, int row, int block) {
            return matrix * step() + (long) row * channels + block;
        }

        /** From a matrix to the next. */
        long step() {
            return WinogradTiles.step(rows, channels);
        }
    }

    /** Where a square of pixels begins, and the steps to the pixel below and to the one on the right. */
    private record Square(MemorySegment data, long at, long down, long across) {}

    /** Channels-last images. */
    private record Pixels(MemorySegment data, int height, int width, int channels) {

        static Pixels of(Tensor x) {
            return new Pixels(Lanes.global(x.segment()), x.dim(2), x.dim(3), x.dim(1));
        }

        private long at(int image, int row, int column) {
            return (((long) image * height + row) * width + column) * channels;
        }

        /** A square's channels from {@code block} on, {@code copy} being used where it reaches beyond the image. */
        Square square(int image, int top, int left, int side, int block, int n, MemorySegment copy) {
            if (top >= 0 && left >= 0 && top + side <= height && left + side <= width) {
                return new Square(data, at(image, top, left) + block, (long) width * channels, channels);
            }
            copy.fill((byte) 0);
            for (int i = Math.max(0, -top); i < Math.min(side, height - top); i++) {
                for (int j = Math.max(0, -left); j < Math.min(side, width - left); j++) {
                    long at = at(image, top + i, left + j) + block;
                    for (int c = 0; c < n; c += COUNT) {
                        Lanes.store(Lanes.load(data, at + c), copy, i * LINE + j * BLOCK + c);
                    }
                }
            }
            return new Square(copy, 0, LINE, BLOCK);
        }

        /** Writes a square of results, as far as it lies within the image. */
        void write(int image, int top, int left, int block, int n, MemorySegment from, float[] bias, float floor) {
            for (int i = 0; i < Math.min(SIDE, height - top); i++) {
                for (int j = 0; j < Math.min(SIDE, width - left); j++) {
                    long at = at(image, top + i, left + j) + block;
                    for (int c = 0; c < n; c += COUNT) {
                        FloatVector y = Lanes.load(from, i * LINE + j * BLOCK + c)
                                .add(FloatVector.fromArray(Lanes.F32, bias, block + c));
                        Lanes.store(y.max(floor), data, at + c);
                    }
                }
            }
        }
    }
}
