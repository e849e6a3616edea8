package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Agreement.Values.normal;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.backend.onednn.vector.Agreement.Values;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Conv2dBackwardWeights;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Gradients of weights that no pixel meets are 0, whatever the last convolution left in the memory in between. */
class UnseenKernelRowsTest {

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "BF16"})
    void aPictureOfOnePixelSeesTheMiddleOfTheKernelOnly(DType type) {
        Op op = new Conv2dBackwardWeights(new Conv2d(Window.square(2), Window.square(1), Window.ONE, 1),
                Window.square(3));
        Values spoilt = normal(32, 32, 8, 8).as(type).channelsLast();
        Arrays.fill(spoilt.numbers(), Double.NaN);
        Agreement.run(op, Device.CPU, spoilt, normal(32, 64, 4, 4).as(type).channelsLast());

        Values x = normal(32, 32, 1, 1).as(type).channelsLast();
        Values dy = normal(32, 64, 1, 1).as(type).channelsLast();
        double[] actual = Agreement.run(op, Device.CPU, x, dy).getFirst();
        double[] expected = Agreement.run(op, Device.REFERENCE, x, dy).getFirst();
        double largest = DoubleStream.of(expected).map(Math::abs).max().orElseThrow();
        assertThat(actual).containsExactly(expected, within((type == DType.F32 ? 1e-5 : 1e-2) * largest));
    }
}
