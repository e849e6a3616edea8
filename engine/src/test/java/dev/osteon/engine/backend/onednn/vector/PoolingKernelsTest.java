package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Agreement.Values.index;
import static dev.osteon.engine.backend.onednn.vector.Agreement.Values.normal;

import dev.osteon.engine.backend.onednn.vector.Agreement.Values;
import dev.osteon.engine.op.AdaptiveAvgPool2d;
import dev.osteon.engine.op.AdaptiveAvgPool2dBackward;
import dev.osteon.engine.op.AvgPool2d;
import dev.osteon.engine.op.AvgPool2dBackward;
import dev.osteon.engine.op.MaxPool2d;
import dev.osteon.engine.op.MaxPool2dBackward;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Pooling against the reference: by vectors and one by one, in both types and layouts. */
class PoolingKernelsTest {

    private static final MaxPool2d STEM = max(3, 2, 1);

    private static MaxPool2d max(int kernel, int stride, int padding) {
        return new MaxPool2d(Window.square(kernel), Window.square(stride), Window.square(padding));
    }

    /** 64 channels fill vectors of either type, 48 on some machines of one, 7 of none. */
    static Stream<Values> images() {
        return Stream.of(64, 48, 7).flatMap(channels -> Stream.of(DType.F32, DType.BF16).flatMap(type -> {
            Values x = normal(2, channels, 9, 6).as(type);
            return Stream.of(x.channelsLast(), x);
        }));
    }

    @ParameterizedTest
    @MethodSource("images")
    void maximum(Values x) {
        for (MaxPool2d pool : List.of(STEM, max(2, 2, 0), max(2, 3, 1), max(5, 1, 2))) {
            Agreement.check(pool, 0, x);
        }
    }

    /** Of equal numbers, zeros of either sign among them, the first wins; a NaN wins, whatever its sign, and stays. */
    @ParameterizedTest
    @MethodSource("images")
    void maximumOfEqualsAndNaN(Values x) {
        double[] special = {0, -0.0, 1, 1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, -1, -0.0, 0,
            -2, -Double.MIN_VALUE};
        double[] numbers = new double[x.numbers().length];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = special[(i * 31 + i / 17) % special.length];
        }
        Agreement.check(STEM, 0, new Values(x.shape(), x.dtype(), x.layout(), numbers));
    }

    /** Gradients are small integers, whose sums are exact. */
    @ParameterizedTest
    @MethodSource("images")
    void maximumGradient(Values x) {
        for (MaxPool2d pool : List.of(STEM, max(2, 2, 0), max(2, 3, 1), max(3, 1, 1))) {
            Values image = new Values(x.shape(), DType.F32, x.layout(), x.numbers());
            double[] winners = Agreement.run(pool, Device.REFERENCE, image).get(1);
            int height = (9 + 2 * pool.padding().height() - pool.kernel().height()) / pool.stride().height() + 1;
            int width = (6 + 2 * pool.padding().width() - pool.kernel().width()) / pool.stride().width() + 1;
            Values dy = index(9, x.dtype(), 2, x.shape().dim(1), height, width);
            Agreement.check(new MaxPool2dBackward(pool, new Window(9, 6)), 0,
                    new Values(dy.shape(), x.dtype(), x.layout(), dy.numbers()),
                    new Values(dy.shape(), DType.U8, x.layout(), winners));
        }
    }

    /** Integers whose means are exact where the window has 1, 2, 4 … places, and all but exact elsewhere. */
    @ParameterizedTest
    @MethodSource("images")
    void means(Values x) {
        Values integers = new Values(x.shape(), x.dtype(), x.layout(),
                index(5, DType.F32, x.shape().toArray()).numbers());
        int ulps = x.dtype() == DType.F32 ? 4 : 0;
        Agreement.check(new AvgPool2d(Window.square(2), Window.square(2), Window.square(0),
                AvgPool2d.Divisor.KERNEL), ulps, integers);
        Agreement.check(new AvgPool2d(Window.square(4), Window.square(2), Window.square(1),
                AvgPool2d.Divisor.KERNEL), ulps, integers);
        Agreement.check(new AdaptiveAvgPool2d(new Window(9, 3)), ulps, integers);
        Agreement.check(new AdaptiveAvgPool2d(new Window(9, 6)), ulps, integers);
        if (x.dtype() == DType.F32) {
            Agreement.check(new AdaptiveAvgPool2d(new Window(4, 5)), ulps, integers);
            Agreement.check(new AdaptiveAvgPool2d(Window.ONE), ulps, integers);
        }
    }

    @ParameterizedTest
    @MethodSource("images")
    void meansGradients(Values x) {
        int channels = x.shape().dim(1);
        int ulps = x.dtype() == DType.F32 ? 4 : 0;
        AvgPool2d gaps = new AvgPool2d(Window.square(2), Window.square(3), Window.square(0),
                AvgPool2d.Divisor.KERNEL);                                      // pixels that no window sees
        AvgPool2d overlapping = new AvgPool2d(Window.square(4), Window.square(2), Window.square(1),
                AvgPool2d.Divisor.KERNEL);
        Agreement.check(new AvgPool2dBackward(gaps, new Window(9, 6)), ulps, gradient(x, channels, 3, 2));
        Agreement.check(new AvgPool2dBackward(overlapping, new Window(9, 6)), ulps, gradient(x, channels, 4, 3));
        Agreement.check(new AdaptiveAvgPool2dBackward(new Window(8, 4)), ulps, gradient(x, channels, 1, 1));
        Agreement.check(new AdaptiveAvgPool2dBackward(new Window(7, 6)), ulps, gradient(x, channels, 7, 3));
        if (x.dtype() == DType.F32) {
            Agreement.check(new AdaptiveAvgPool2dBackward(new Window(9, 6)), ulps, gradient(x, channels, 4, 5));
        }
    }

    private static Values gradient(Values x, int channels, int height, int width) {
        Values dy = index(9, x.dtype(), 2, channels, height, width);
        return new Values(dy.shape(), x.dtype(), x.layout(), dy.numbers());
    }
}
