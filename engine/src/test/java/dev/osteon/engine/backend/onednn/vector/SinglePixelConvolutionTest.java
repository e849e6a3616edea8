package dev.osteon.engine.backend.onednn.vector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.onednn.vector.Agreement.Values;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.HostData;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Convolutions of single pixels in bfloat16, few of which are products of matrices, against sums in float64. */
class SinglePixelConvolutionTest {

    private static final double A_STEP = 0x1p-8;    // relative: rounded once

    @ParameterizedTest
    @CsvSource({"2, 64, 96, 9, 7, NONE", "2, 64, 96, 9, 7, RELU", "3, 17, 40, 5, 5, GELU", "2, 32, 64, 40, 30, RELU"})
    void forward(int images, int in, int out, int height, int width, Epilogue epilogue) {
        Op op = new Conv2d(Window.ONE, Window.ZERO, Window.ONE, 1, epilogue);
        Values x = bfloat16(images, in, height, width).channelsLast();
        Values w = bfloat16(out, in, 1, 1);
        check(op, x, w);
        check(op, x, w.channelsLast());
        check(op, x, w, bfloat16(out));
        check(op, bfloat16(images, in, height, width), w);
    }

    @ParameterizedTest
    @CsvSource({"2, 64, 96, 9, 7", "3, 17, 40, 5, 5", "2, 32, 64, 40, 30"})
    void transposed(int images, int out, int in, int height, int width) {
        Op op = new ConvTranspose2d(Window.ONE, Window.ZERO, Window.ZERO, Window.ONE, 1);
        Values dy = bfloat16(images, out, height, width).channelsLast();
        Values w = bfloat16(out, in, 1, 1);
        check(op, dy, w);
    }

    /** Behind the last pixel of a row there may be none, one or several that nothing meets. */
    @ParameterizedTest
    @CsvSource({"2, 2, 0, 1, 9, 7", "2, 1, 1, 0, 5, 4", "3, 2, 2, 1, 1, 1", "4, 3, 1, 2, 40, 30"})
    void transposedWithPixelsApart(int strideY, int strideX, int below, int right, int height, int width) {
        Op op = new ConvTranspose2d(new Window(strideY, strideX), Window.ZERO, new Window(below, right), Window.ONE, 1);
        Values dy = bfloat16(2, 64, height, width).channelsLast();
        Values w = bfloat16(64, 32, 1, 1);
        check(op, dy, w);
        check(op, dy, w.channelsLast());
        check(op, 0x1p-20, 1e-5, dy.as(DType.F32), w.as(DType.F32), bfloat16(32).as(DType.F32));
        check(op, bfloat16(2, 64, height, width), w);
    }

    /** A dilation has no meaning for a single pixel, but allows for more that nothing meets. */
    @Test
    void transposedWithMoreBehindThanAStride() {
        Op op = new ConvTranspose2d(Window.square(2), Window.ZERO, new Window(2, 3), Window.square(4), 1);
        check(op, bfloat16(2, 64, 5, 6).channelsLast(), bfloat16(64, 32, 1, 1));
    }

    /** An image that is larger than its convolution's results is none whose pixels are rows of a matrix. */
    @Test
    void anImageWithRowsThatNothingMeetsIsRefused() {
        Op op = new ConvTranspose2d(Window.ONE, Window.ZERO, Window.ONE, Window.square(2), 1);
        Values dy = bfloat16(2, 64, 6, 5).channelsLast();
        assertThatThrownBy(() -> Agreement.run(op, Device.CPU, dy, bfloat16(64, 32, 1, 1)))
                .isInstanceOf(EngineException.class).hasMessageContaining("invalid arguments");
    }

    private static Values bfloat16(int... dims) {
        Values values = Values.normal(dims).as(DType.BF16);
        return new Values(values.shape(), DType.BF16, values.layout(), Arrays.stream(values.numbers())
                .map(v -> HostData.bfloat16ToFloat(HostData.floatToBfloat16((float) v))).toArray());
    }

    private static void check(Op op, Values... operands) {
        check(op, A_STEP, 1e-4, operands);
    }

    private static void check(Op op, double relative, double absolute, Values... operands) {
        Values[] exact = Arrays.stream(operands).map(v -> v.as(DType.F64)).toArray(Values[]::new);
        double[] expected = Agreement.run(op, Device.REFERENCE, exact).getFirst();
        double[] actual = Agreement.run(op, Device.CPU, operands).getFirst();
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).as("%s: element %d", op, i)
                    .isCloseTo(expected[i], within(relative * Math.abs(expected[i]) + absolute));
        }
    }
}
