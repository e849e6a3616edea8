package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Agreement.Values.normal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.backend.onednn.vector.Agreement.Values;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Conv2dBackwardWeights;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Convolutions of 3×3 over sizes, paddings and groups of images for which Winograd's way is taken, and next to them,
 * against sums in float64.
 */
class WinogradTest {

    private static final Window KERNEL = Window.square(3);
    /** Largest error by the results' root mean square. */
    private static final double TOLERANCE = 5e-5;

    /** @param out channels of the results */
    record Case(int images, int in, int out, int height, int width, int padding, Epilogue epilogue) {

        Conv2d op() {
            return new Conv2d(Window.ONE, Window.square(padding), Window.ONE, 1, epilogue);
        }

        Values x() {
            return normal(images, in, height, width).channelsLast();
        }

        Values dy() {
            return normal(images, out, height + 2 * padding - 2, width + 2 * padding - 2).channelsLast();
        }

        Values w() {
            return normal(out, in, 3, 3);
        }
    }

    static Stream<Case> cases() {
        return Stream.of(
                new Case(1, 64, 64, 32, 32, 1, Epilogue.NONE),
                new Case(4, 64, 96, 15, 17, 1, Epilogue.RELU),      // tiles that reach beyond the edges
                new Case(5, 80, 64, 18, 18, 0, Epilogue.NONE),
                new Case(3, 64, 64, 19, 22, 2, Epilogue.RELU),
                new Case(16, 128, 64, 7, 7, 1, Epilogue.NONE),
                new Case(11, 64, 64, 24, 28, 1, Epilogue.NONE),     // more than one group, the last one smaller
                new Case(1, 64, 64, 68, 40, 1, Epilogue.RELU),      // an image with more tiles than a group
                new Case(16, 64, 64, 6, 6, 1, Epilogue.NONE),       // these three are summed directly
                new Case(2, 64, 64, 8, 8, 1, Epilogue.NONE),
                new Case(4, 72, 40, 16, 16, 1, Epilogue.NONE));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void forward(Case c) {
        check(c.op(), c.x(), c.w(), normal(c.out));
        check(c.op(), c.x(), c.w());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientOfTheInput(Case c) {
        Op op = new ConvTranspose2d(Window.ONE, Window.square(c.padding), Window.square(0), Window.ONE, 1);
        check(op, c.dy(), c.w());
        check(op, c.dy(), c.w(), normal(c.in));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void gradientOfTheWeights(Case c) {
        check(new Conv2dBackwardWeights(c.op().plain(), KERNEL), c.x(), c.dy());
    }

    private static void check(Op op, Values... operands) {
        Values[] exact = Arrays.stream(operands).map(v -> v.as(DType.F64)).toArray(Values[]::new);
        double[] expected = Agreement.run(op, Device.REFERENCE, exact).getFirst();
        double scale = Math.sqrt(Arrays.stream(expected).map(v -> v * v).average().orElseThrow());
        double[] actual = Agreement.run(op, Device.CPU, operands).getFirst();
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(Math.abs(actual[i] - expected[i])).as("%s, element %d: %s for %s", op, i, actual[i],
                    expected[i]).isLessThanOrEqualTo(TOLERANCE * scale);
        }
    }
}
