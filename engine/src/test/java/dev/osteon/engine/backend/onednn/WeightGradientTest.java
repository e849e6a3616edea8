package dev.osteon.engine.backend.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.osteon.engine.backend.onednn.vector.Agreement;
import dev.osteon.engine.backend.onednn.vector.Agreement.Values;
import dev.osteon.engine.backend.onednn.vector.Parallel;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Conv2dBackwardWeights;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients of weights in bfloat16, at several numbers of threads. Operands are small integers, whose sums float32
 * holds exactly: whatever the order, the results are those sums, rounded once.
 */
class WeightGradientTest {

    private static final int[] THREADS = {1, 2, 3, 4, 7, 61};

    /** @param in channels; @param out channels of the results */
    record Case(int images, int in, int out, int height, int width, Window kernel, Window stride, Window padding,
            Window dilation, Layout layout) {

        static Case of(int images, int in, int out, int height, int width, int kernel, int stride, int padding) {
            return new Case(images, in, out, height, width, Window.square(kernel), Window.square(stride),
                    Window.square(padding), Window.ONE, Layout.ROW_MAJOR);
        }

        Case dilated(int height, int width) {
            return new Case(images, in, out, this.height, this.width, kernel, stride, padding,
                    new Window(height, width), layout);
        }

        Case channelsLast() {
            return new Case(images, in, out, height, width, kernel, stride, padding, dilation, Layout.NHWC);
        }

        Conv2d op() {
            return new Conv2d(stride, padding, dilation, 1);
        }

        TensorSpec x() {
            return new TensorSpec(Shape.of(images, in, height, width), DType.BF16, Layout.NHWC);
        }

        TensorSpec dw() {
            return new TensorSpec(Shape.of(out, in, kernel.height(), kernel.width()), DType.BF16, layout);
        }

        TensorSpec dy() {
            return op().infer(List.of(x(), dw())).getFirst();
        }
    }

    static Stream<Case> taken() {
        return Stream.of(
                Case.of(5, 32, 32, 18, 16, 1, 1, 0),
                Case.of(7, 64, 32, 12, 17, 1, 1, 0),                 // an even number of pixels, as rows of one image
                Case.of(9, 32, 64, 13, 15, 1, 1, 0),                 // an odd one
                Case.of(2, 32, 32, 1, 523, 1, 1, 0),                 // twice a prime
                Case.of(2, 32, 96, 40, 53, 1, 1, 0),
                Case.of(5, 64, 64, 12, 10, 3, 1, 1),
                Case.of(16, 32, 32, 7, 7, 3, 1, 1),                  // rows of an odd number, several images a chunk
                Case.of(2, 96, 64, 33, 35, 3, 1, 1).channelsLast(),
                Case.of(1, 32, 32, 90, 70, 3, 1, 1),                 // many rows a chunk, with rows beyond its own
                Case.of(3, 64, 32, 15, 14, 3, 2, 1),
                Case.of(4, 32, 64, 14, 15, 3, 2, 1).channelsLast(),
                Case.of(6, 64, 64, 12, 14, 1, 2, 0),
                Case.of(4, 32, 32, 17, 19, 2, 3, 0),
                Case.of(2, 32, 32, 20, 23, 5, 1, 2),
                Case.of(3, 32, 32, 19, 18, 3, 1, 2).dilated(2, 3),
                Case.of(70, 32, 32, 1, 1, 3, 1, 1),                  // rows of the kernel that meet nothing
                Case.of(40, 64, 32, 2, 3, 3, 1, 1),
                Case.of(20, 32, 32, 4, 4, 3, 1, 3),                  // more zeros than pixels
                new Case(9, 32, 64, 11, 13, new Window(1, 3), new Window(2, 1), new Window(0, 1), Window.ONE,
                        Layout.ROW_MAJOR),
                new Case(9, 64, 32, 11, 13, new Window(4, 2), new Window(1, 2), new Window(1, 0), Window.ONE,
                        Layout.ROW_MAJOR),
                Case.of(2, 256, 192, 9, 9, 3, 1, 1),                 // sums by parts of the channels
                Case.of(4, 64, 288, 21, 18, 3, 2, 1).channelsLast(),
                Case.of(3, 672, 512, 19, 19, 1, 1, 0).channelsLast());
    }

    /** Of channels that are no blocks, of few pixels, and of a group. */
    static Stream<Case> others() {
        return Stream.of(Case.of(4, 48, 32, 10, 10, 3, 1, 1), Case.of(4, 32, 3, 10, 10, 3, 1, 1),
                Case.of(1, 32, 32, 5, 7, 3, 1, 1), Case.of(2, 64, 96, 9, 9, 1, 1, 0),
                Case.of(3, 64, 32, 31, 33, 1, 1, 0));
    }

    @ParameterizedTest
    @MethodSource("taken")
    void isTakenWhereItCanBe(Case c) {
        assumeTrue(WeightGradient.isPossible(), "the processor has no products of bfloat16 in AVX-512, or has AMX");
        assertThat(WeightGradient.takes(c.op(), c.x(), c.dw(), c.dy())).isTrue();
    }

    @ParameterizedTest
    @MethodSource({"taken", "others"})
    void sumsAreExact(Case c) {
        Values x = integers(c.x().shape(), 1);
        Values dy = integers(c.dy().shape(), 2);
        Op op = new Conv2dBackwardWeights(c.op(), c.kernel, c.layout);
        double[] expected = Arrays.stream(Agreement.run(op, Device.REFERENCE, x.as(DType.F64), dy.as(DType.F64))
                .getFirst()).map(v -> HostData.bfloat16ToFloat(HostData.floatToBfloat16((float) v))).toArray();
        int before = Parallel.threads();
        try {
            for (int threads : THREADS) {
                Parallel.setThreads(threads);
                assertThat(Agreement.run(op, Device.CPU, x, dy).getFirst()).as("%d threads", threads)
                        .isEqualTo(expected);
            }
        } finally {
            Parallel.setThreads(before);
        }
    }

    /** From −3 to 3. */
    private static Values integers(Shape shape, long seed) {
        double[] numbers = new SplittableRandom(seed).ints(shape.size(), -3, 4).asDoubleStream().toArray();
        return new Values(shape, DType.BF16, Layout.NHWC, numbers);
    }

    /** What is no number stays so, and comes from nowhere else. */
    @Test
    void nothingIsLostOfWhatIsNoNumber() {
        Case c = Case.of(4, 32, 32, 9, 9, 3, 1, 1);
        Values x = integers(c.x().shape(), 1).with(3 * 81 + 40, Double.NaN);       // channel 3 of the first image
        Values dy = integers(c.dy().shape(), 2);
        double[] dw = Agreement.run(new Conv2dBackwardWeights(c.op(), c.kernel), Device.CPU, x, dy).getFirst();
        for (int i = 0; i < dw.length; i++) {
            assertThat(Double.isNaN(dw[i])).as("element %d", i).isEqualTo(i / 9 % 32 == 3);
        }
    }

    /** Sizes at which products of 32-bit numbers would overflow; no tensors are made. */
    @ParameterizedTest
    @CsvSource({"300,32,32,256,256,1", "6,64,256,769,769,1", "50000,32,32,16,16,3", "1,32,32,20000,20000,3"})
    void chunksCoverEachRowOnce(int images, int in, int out, int height, int width, int kernel) {
        Case c = Case.of(images, in, out, height, width, kernel, 1, kernel / 2);
        PixelGeometry geometry = PixelGeometry.of(c.op(), c.x(), c.dw(), c.dy());
        PixelChunks chunks = PixelChunks.of(geometry, 2);
        assertThat(chunks.tasks()).isEqualTo(2);
        long next = 0;
        for (int task = 0; task < chunks.tasks(); task++) {
            for (PixelChunks.Chunk chunk : chunks.part(task).chunks()) {
                assertThat((long) chunk.image() * geometry.outHeight() + chunk.from()).isEqualTo(next);
                assertThat(chunk.rows()).isPositive();
                next += (long) (chunk.count() - 1) * geometry.outHeight() + chunk.rows();
            }
        }
        assertThat(next).isEqualTo((long) geometry.count() * geometry.outHeight());
    }

    /** Where there are enough blocks of channels or rows, every thread has about as much to do as any other. */
    @ParameterizedTest
    @CsvSource({"16,256,256,14,3,7", "16,256,256,14,3,30", "2,128,128,28,3,16", "16,64,64,56,3,24",
        "16,2048,1024,7,1,16"})
    void threadsShareTheWork(int images, int in, int out, int size, int kernel, int threads) {
        Case c = Case.of(images, in, out, size, size, kernel, 1, kernel / 2);
        PixelChunks chunks = PixelChunks.of(PixelGeometry.of(c.op(), c.x(), c.dw(), c.dy()), threads);
        int workers = Math.min(threads, chunks.tasks());
        long[] work = new long[workers];
        for (int worker = 0; worker < workers; worker++) {
            int end = PixelChunks.part(chunks.tasks(), worker + 1, workers);
            for (int task = PixelChunks.part(chunks.tasks(), worker, workers); task < end; task++) {
                PixelChunks.Part part = chunks.part(task);
                long rows = part.chunks().stream().mapToLong(chunk -> (long) chunk.count() * chunk.rows()).sum();
                work[worker] += rows * part.in().count() * part.out().count();
            }
        }
        long all = Arrays.stream(work).sum();
        assertThat((double) Arrays.stream(work).max().orElseThrow() * threads / all).isLessThan(1.7);
    }
}
