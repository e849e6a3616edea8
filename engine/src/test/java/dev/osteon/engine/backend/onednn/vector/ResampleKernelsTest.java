package dev.osteon.engine.backend.onednn.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.backend.onednn.vector.Agreement.Values;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.AffineCropResizeBackward;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Resize;
import dev.osteon.engine.op.ResizeBackward;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ResampleKernelsTest {

    @ParameterizedTest
    @EnumSource(Resize.Filter.class)
    void resizingAndItsTranspose(Resize.Filter filter) {
        int[][] sizes = {{1, 1, 5, 4}, {7, 9, 1, 1}, {33, 31, 70, 67}, {70, 67, 33, 31}, {5, 64, 64, 5}, {8, 8, 8, 8}};
        for (int[] s : sizes) {
            Window small = new Window(s[0], s[1]);
            Window large = new Window(s[2], s[3]);
            for (int channels : new int[] {1, 3, 19}) {
                Values x = Values.normal(2, channels, s[0], s[1]);
                Values dy = Values.normal(2, channels, s[2], s[3]);
                Agreement.check(new Resize(large, filter), 1, x);
                Agreement.check(new Resize(large, filter), 1, x.channelsLast());
                Agreement.check(new ResizeBackward(small, filter), 1, dy);
                Agreement.check(new ResizeBackward(small, filter), 1, dy.channelsLast());
            }
        }
        Agreement.check(new Resize(new Window(9, 5), filter), 0, Values.normal(0, 3, 4, 4));
        Agreement.check(new Resize(new Window(9, 5), filter), 1, Values.normal(1, 3, 4, 4).as(DType.BF16));
    }

    /** Rotated, reduced, mirrored, partly and wholly outside. */
    private static final Values MATRICES = new Values(Shape.of(5, 2, 3), DType.F32, Layout.ROW_MAJOR, new double[] {
        0.9f, -0.3f, 10.13f, 0.3f, 0.9f, 4.43f, -3.7f, 0, 57.33f, 0, 2.1f, 0.23f, 1.1f, 0.2f, -11.97f, -0.4f, 1.3f,
        23.03f, 1, 0, 500, 0, 1, 3, 0.3f, 0, 7.7f, 0, 0.3f, 9.2f});

    @ParameterizedTest
    @EnumSource(AffineCropResize.Border.class)
    void gradientsOfViews(AffineCropResize.Border border) {
        for (AffineCropResize.Filter filter : AffineCropResize.Filter.values()) {
            AffineCropResize crop = new AffineCropResize(new Window(40, 37), filter, border);
            for (int channels : new int[] {1, 3}) {
                Shape images = Shape.of(3, channels, 61, 53);
                Values dy = Values.normal(5, channels, 40, 37);
                Values numbers = Values.index(3, DType.I32, 5);
                for (Values given : List.of(dy, dy.channelsLast())) {
                    near(new AffineCropResizeBackward(crop, images), given, MATRICES, numbers);
                    near(crop, images(images, given.layout()), MATRICES, numbers);
                }
            }
        }
    }

    /** Of two equal images; in vectors but at the end of the second, where there is nothing behind the last pixel. */
    @ParameterizedTest
    @EnumSource(AffineCropResize.Border.class)
    void viewsOfGreyLevelsAreThoseOfTheirNumbers(AffineCropResize.Border border) {
        Values one = Values.index(1 << 16, DType.U16, 1, 1, 61, 53);
        double[] twice = DoubleStream.concat(Arrays.stream(one.numbers()), Arrays.stream(one.numbers())).toArray();
        Values levels = new Values(Shape.of(2, 1, 61, 53), DType.U16, Layout.ROW_MAJOR, twice);
        Values wholly = new Values(Shape.of(2, 2, 3), DType.F32, Layout.ROW_MAJOR, new double[] {
            3.3f, 0, 1.1f, 0, 4.1f, 1.7f, 22, 0, 6, 0, 0.3f, 44});
        for (AffineCropResize.Filter filter : AffineCropResize.Filter.values()) {
            AffineCropResize crop = new AffineCropResize(new Window(40, 37), filter, border);
            for (Values maps : List.of(MATRICES, wholly)) {
                int views = maps.shape().dim(0);
                double[] first = Agreement.run(crop, Device.CPU, levels, maps, all(0, views)).getFirst();
                double[] second = Agreement.run(crop, Device.CPU, levels, maps, all(1, views)).getFirst();
                double[] floats = Agreement.run(crop, Device.CPU, levels.as(DType.F32), maps, all(0, views)).getFirst();
                double[] exact = Agreement.run(crop, Device.REFERENCE, levels, maps, all(0, views)).getFirst();
                assertThat(second).containsExactly(first);
                assertThat(first).usingComparatorWithPrecision(0.05).containsExactly(floats);
                assertThat(first).usingComparatorWithPrecision(0.05).containsExactly(exact);
                assertThat(Arrays.stream(first).max().orElseThrow()).isGreaterThan(30_000);
            }
        }
    }

    private static Values all(int number, int views) {
        double[] numbers = new double[views];
        Arrays.fill(numbers, number);
        return new Values(Shape.of(views), DType.I32, Layout.ROW_MAJOR, numbers);
    }

    @Test
    void anImageWithoutViewsGetsNoGradient() {
        AffineCropResize crop = new AffineCropResize(new Window(4, 4), AffineCropResize.Filter.TRIANGLE,
                AffineCropResize.Border.ZERO);
        double[] dx = Agreement.run(new AffineCropResizeBackward(crop, Shape.of(2, 1, 9, 9)), Device.CPU,
                Values.normal(0, 1, 4, 4), Values.normal(0, 2, 3), Values.index(1, DType.I32, 0)).getFirst();
        assertThat(dx).hasSize(162).containsOnly(0);
    }

    private static Values images(Shape shape, Layout layout) {
        Values x = Values.normal(shape.toArray());
        return layout == Layout.NHWC ? x.channelsLast() : x;
    }

    /** Weights are float32 here and float64 in the reference. */
    private static void near(Op op, Values... operands) {
        double[] expected = Agreement.run(op, Device.REFERENCE, operands).getFirst();
        double[] actual = Agreement.run(op, Device.CPU, operands).getFirst();
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).as("%s: element %d", op, i)
                    .isCloseTo(expected[i], Offset.offset(1e-5));
        }
    }
}
