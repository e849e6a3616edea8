package dev.osteon.engine.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.MaxPool2d;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Resize;
import dev.osteon.engine.op.Unary;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What golden vectors and gradient checks do not see: integers, special values, borders, bad indices. */
class KernelsTest {

    private static final long BIG = (1L << 60) + 1;   // not a double

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor longs(Shape shape, long... values) {
        return Tensor.copyOf(Device.REFERENCE, TensorSpec.of(shape, DType.I64), MemorySegment.ofArray(values));
    }

    private static long[] values(Tensor tensor) {
        return Elements.integers(tensor);
    }

    private static Tensor floats(Shape shape, double... values) {
        return Tensor.of(Device.REFERENCE, shape, DType.F64, values);
    }

    @Test
    void movesInt64WithoutLosingBits() {
        Tensor x = longs(Shape.of(2, 2), BIG, BIG + 2, -BIG, 7);
        assertThat(values(Ops.transpose(x))).containsExactly(BIG, -BIG, BIG + 2, 7);
        assertThat(values(Ops.slice(x, 1, 1, 1))).containsExactly(BIG + 2, 7);
        assertThat(values(Ops.concat(0, x, x))).hasSize(8).startsWith(BIG, BIG + 2);
        assertThat(values(Ops.pad(x, 0, 1, 0, 1))).containsExactly(0, 0, BIG, BIG + 2, -BIG, 7);
        assertThat(values(Ops.expand(Ops.slice(x, 0, 0, 1), Shape.of(2, 2))))
                .containsExactly(BIG, BIG + 2, BIG, BIG + 2);
        assertThat(values(Ops.select(x, longs(Shape.of(1), 1), 0))).containsExactly(-BIG, 7);
        assertThat(values(Ops.gather(x, longs(Shape.of(2), 1, 0)))).containsExactly(BIG + 2, -BIG);
        assertThat(values(Ops.where(Ops.less(x, longs(Shape.SCALAR, 0)), longs(Shape.SCALAR, BIG), x)))
                .containsExactly(BIG, BIG + 2, BIG, 7);
        assertThat(values(Ops.maskDiagonal(x, -1))).containsExactly(-1, BIG + 2, -BIG, -1);
    }

    @Test
    void computesWithInt64Exactly() {
        Tensor x = longs(Shape.of(3), BIG, -BIG, 3);
        assertThat(values(Ops.add(x, longs(Shape.SCALAR, 2)))).containsExactly(BIG + 2, 2 - BIG, 5);
        assertThat(values(Ops.sub(x, x))).containsExactly(0, 0, 0);
        assertThat(values(Ops.mul(x, longs(Shape.SCALAR, 3)))).containsExactly(3 * BIG, -3 * BIG, 9);
        assertThat(values(Ops.div(x, longs(Shape.SCALAR, -2)))).containsExactly(-(BIG / 2), BIG / 2, -1);
        assertThat(values(Ops.pow(longs(Shape.of(2), 3, -2), longs(Shape.of(2), 39, 3))))
                .containsExactly(4052555153018976267L, -8);
        assertThat(values(Ops.pow(longs(Shape.of(4), 2, -1, -1, 1), longs(Shape.of(4), -64, -3, Long.MIN_VALUE, -5))))
                .containsExactly(0, -1, 1, 1);
        assertThat(values(Ops.sum(longs(Shape.of(2), BIG, 2)))).containsExactly(BIG + 2);
        assertThat(values(Ops.max(longs(Shape.of(2), BIG, BIG + 2)))).containsExactly(BIG + 2);
        assertThat(values(Ops.argMax(longs(Shape.of(2), BIG, BIG + 2), 0))).containsExactly(1);
        assertThat(values(Ops.less(longs(Shape.SCALAR, BIG), longs(Shape.SCALAR, BIG + 1)))).containsExactly(1);
    }

    @Test
    void castsBetweenTypes() {
        Tensor x = floats(Shape.of(4), -1.75, 0, 2.5, 200);
        assertThat(values(Ops.cast(x, DType.I32))).containsExactly(-1, 0, 2, 200);
        assertThat(values(Ops.cast(x, DType.BOOL))).containsExactly(1, 0, 1, 1);
        assertThat(Ops.cast(Ops.cast(floats(Shape.of(1), 1 + 0x1p-8), DType.BF16), DType.F32).toDoubles())
                .containsExactly(1);                                              // halfway, to even
        assertThat(values(Ops.cast(longs(Shape.of(1), BIG), DType.I64))).containsExactly(BIG);
        assertThat(Ops.cast(Tensor.of(Device.REFERENCE, Shape.of(1), DType.U8, 255), DType.F32).toDoubles())
                .containsExactly(255);
    }

    @Test
    void integerDivisionByZeroSaysSo() {
        assertThatThrownBy(() -> Ops.div(longs(Shape.of(1), 1), longs(Shape.of(1), 0)))
                .isInstanceOf(EngineException.class).hasMessageContaining("divisor of 0");
    }

    @Test
    void indicesOutsideSaySo() {
        assertThatThrownBy(() -> Ops.gather(floats(Shape.of(1, 3), 1, 2, 3), longs(Shape.of(1), 3)))
                .isInstanceOf(EngineException.class).hasMessageContaining("given index 3")
                .hasMessageContaining("0 to 2");
        assertThatThrownBy(() -> Ops.select(floats(Shape.of(2), 1, 2), longs(Shape.of(1), -1), 0))
                .isInstanceOf(EngineException.class).hasMessageContaining("given index -1");
    }

    @Test
    void bfloat16IsRoundedOnce() {
        Tensor x = Tensor.of(Device.REFERENCE, Shape.of(2, 2, 1, 1), DType.BF16, 1, 2, 3, 257).to(Layout.NHWC);
        assertThat(Ops.add(x, x).toDoubles()).containsExactly(2, 4, 6, 512);      // 257 is 256 in bf16
    }

    @Test
    void maxPoolingTakesTheFirstMaximumAndKeepsNaN() {
        MaxPool2d pool = new MaxPool2d(Window.square(2), Window.square(2), Window.ZERO);
        Tensor x = floats(Shape.of(1, 1, 2, 6), 5, 5, Double.NaN, 1, -1, -2, 5, 5, 9, 2, -3, -1);
        List<Tensor> results = Dispatcher.runAll(pool, List.of(x));
        assertThat(results.get(0).toDoubles()).containsExactly(5, Double.NaN, -1);
        assertThat(values(results.get(1))).containsExactly(0, 0, 0);
        assertThat(values(Ops.argMax(floats(Shape.of(4), 1, Double.NaN, 9, Double.NaN), 0))).containsExactly(1);
        assertThat(Ops.max(floats(Shape.of(3), 1, Double.NaN, 2)).item()).isNaN();
    }

    @Test
    void activationsHoldAtTheEndsOfTheRange() {
        Tensor x = floats(Shape.of(4), -800, 800, Double.NEGATIVE_INFINITY, Double.NaN);
        assertThat(Ops.softplus(x).toDoubles()).containsExactly(0, 800, 0, Double.NaN);
        assertThat(Ops.sigmoid(x).toDoubles()).containsExactly(0, 1, 0, Double.NaN);
        assertThat(Ops.relu(x).toDoubles()).containsExactly(0, 800, 0, Double.NaN);
        assertThat(Ops.logSoftmax(floats(Shape.of(2), 0, Double.NEGATIVE_INFINITY), 0).toDoubles())
                .containsExactly(0, Double.NEGATIVE_INFINITY);
        assertThat(Dispatcher.run(new Unary(Unary.Function.GELU), floats(Shape.of(1), -10)).item())
                .isCloseTo(-7.6198530241605261e-23, within(1e-36));                 // no cancellation in the tail
    }

    @Test
    void croppingKeepsConstantsAndMeetsBordersAsAsked() {
        double[] ones = new double[64];
        Arrays.fill(ones, 1);
        Tensor x = floats(Shape.of(1, 1, 8, 8), ones);
        Tensor image = Tensor.of(Device.REFERENCE, Shape.of(1), 0);
        Tensor matrix = floats(Shape.of(1, 2, 3), 2.3, 0, 3.1, 0, 1.7, 3.3);
        Tensor far = floats(Shape.of(1, 2, 3), 1, 0, 100, 0, 1, 100);
        Tensor edge = floats(Shape.of(1, 2, 3), 1, 0, -0.25, 0, 1, 0);
        for (AffineCropResize.Border border : AffineCropResize.Border.values()) {
            AffineCropResize one = new AffineCropResize(Window.ONE, AffineCropResize.Filter.TRIANGLE, border);
            assertThat(Dispatcher.run(one, x, matrix, image).item()).isCloseTo(1, within(1e-15));
            assertThat(Dispatcher.run(one, x, far, image).item()).isZero();
            assertThat(Dispatcher.run(one, x, edge, image).item())
                    .isCloseTo(border == AffineCropResize.Border.ZERO ? 0.75 : 1, within(1e-15));
        }
        assertThatThrownBy(() -> Dispatcher.run(new AffineCropResize(Window.ONE, AffineCropResize.Filter.NEAREST,
                AffineCropResize.Border.ZERO), x, edge, Tensor.of(Device.REFERENCE, Shape.of(1), 1)))
                .isInstanceOf(EngineException.class).hasMessageContaining("given index 1");
    }

    @Test
    void croppingByAScaleIsAntialiasedResizingInside() {
        double[] values = new double[16];
        Arrays.setAll(values, i -> i * i % 7);
        Tensor x = floats(Shape.of(1, 1, 1, 16), values);
        double[] resized = Ops.resize(x, new Window(1, 4), Resize.Filter.ANTIALIAS).toDoubles();
        Tensor matrix = floats(Shape.of(1, 2, 3), 4, 0, 1.5, 0, 1, 0);            // centres of groups of four
        AffineCropResize crop = new AffineCropResize(new Window(1, 4), AffineCropResize.Filter.TRIANGLE,
                AffineCropResize.Border.RENORMALIZE);
        double[] cropped = Dispatcher.run(crop, x, matrix, Tensor.of(Device.REFERENCE, Shape.of(1), 0)).toDoubles();
        assertThat(cropped).containsExactly(resized, within(1e-14));
    }

    @Test
    void emptyTensorsPass() {
        Tensor empty = floats(Shape.of(0, 3));
        assertThat(Ops.add(empty, empty).size()).isZero();
        assertThat(Ops.sum(empty, 0).toDoubles()).containsExactly(0, 0, 0);
        assertThat(Ops.concat(0, empty, floats(Shape.of(1, 3), 1, 2, 3)).toDoubles()).containsExactly(1, 2, 3);
        assertThat(Ops.matmul(empty, floats(Shape.of(3, 2), 1, 2, 3, 4, 5, 6)).size()).isZero();
        assertThat(Ops.matmul(floats(Shape.of(2, 0)), floats(Shape.of(0, 2))).toDoubles()).containsExactly(0, 0, 0, 0);
    }
}
