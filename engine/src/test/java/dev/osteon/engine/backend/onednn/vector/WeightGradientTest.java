package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Agreement.Values.index;
import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.backend.onednn.vector.Agreement.Values;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Conv2dBackwardWeights;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Layout;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Gradients of weights in bfloat16, at several numbers of threads. Operands are small integers, whose sums float32
 * holds exactly: whatever the order, the results are those sums, rounded once.
 */
class WeightGradientTest {

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

        private int results(int size, int kernel, int stride, int padding, int dilation) {
            return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
        }

        Values x() {
            return integers(images, in, height, width);
        }

        Values dy() {
            return integers(images, out,
                    results(height, kernel.height(), stride.height(), padding.height(), dilation.height()),
                    results(width, kernel.width(), stride.width(), padding.width(), dilation.width()));
        }

        /** From −3 to 3, and other numbers for x than for dy. */
        private static Values integers(int... dims) {
            Values values = index(7, DType.BF16, dims).channelsLast();
            double[] numbers = Arrays.stream(values.numbers()).map(v -> v - 3).toArray();
            return new Values(values.shape(), DType.BF16, Layout.NHWC, numbers);
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                Case.of(1, 32, 32, 8, 16, 1, 1, 0),
                Case.of(2, 64, 32, 7, 9, 1, 1, 0),                   // an even number of pixels, as rows of one image
                Case.of(3, 32, 64, 9, 15, 1, 1, 0),                  // an odd one
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
                Case.of(2, 512, 256, 6, 8, 3, 1, 1),                 // sums by parts of the channels
                Case.of(3, 672, 512, 8, 8, 1, 1, 0).channelsLast(),
                Case.of(4, 48, 32, 10, 10, 3, 1, 1),                 // what is not of blocks of channels
                Case.of(4, 32, 3, 10, 10, 3, 1, 1));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void sumsAreExact(Case c) {
        Op op = new Conv2dBackwardWeights(c.op(), c.kernel, c.layout);
        double[] expected = Arrays.stream(Agreement.run(op, Device.REFERENCE, c.x().as(DType.F64), c.dy().as(DType.F64))
                .getFirst()).map(v -> HostData.bfloat16ToFloat(HostData.floatToBfloat16((float) v))).toArray();
        int before = Parallel.threads();
        try {
            for (int threads : new int[] {1, 2, 3, 4, 7, 61}) {
                Parallel.setThreads(threads);
                assertThat(Agreement.run(op, Device.CPU, c.x(), c.dy()).getFirst()).as("%d threads", threads)
                        .isEqualTo(expected);
            }
        } finally {
            Parallel.setThreads(before);
        }
    }
}
