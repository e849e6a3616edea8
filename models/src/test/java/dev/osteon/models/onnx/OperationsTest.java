package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.OnnxException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What ONNX's own suites leave open: large integers, real numbers on the host, and truth values on the device. */
class OperationsTest {

    /** Doubles hold integers up to 2^53. */
    private static final long LARGE = (1L << 53) + 1;

    /** Float32 holds integers up to 2^24. */
    private static final long LARGE_FOR_FLOAT = (1 << 24) + 1;

    static HostArray floats(Shape shape, double... values) {
        return HostArray.of(ElementType.FLOAT, shape, values);
    }

    static HostArray floats(double... values) {
        return floats(Shape.of(values.length), values);
    }

    private static HostArray integers(ElementType type, long... values) {
        return HostArray.of(type, Shape.of(values.length), values);
    }

    private static HostArray truths(long... values) {
        return integers(ElementType.BOOL, values);
    }

    @Test
    void integersAreCroppedAndPaddedWithZeros() {
        HostArray y = OneNode.of(18, "CenterCropPad").run(HostArray.longs(7, 8), HostArray.longs(5));
        assertThat(y.integers()).containsExactly(0, 7, 8, 0, 0);
    }

    @Test
    void runningSumsOfIntegersAreExact() {
        HostArray y = OneNode.of(14, "CumSum").run(HostArray.longs(LARGE, 1, 1), HostArray.longs(0));
        assertThat(y.integers()).containsExactly(LARGE, LARGE + 1, LARGE + 2);
        HostArray wide = OneNode.of(14, "CumSum").run(integers(ElementType.UINT64, -3, 1), HostArray.longs(0));
        assertThat(wide.integers()).containsExactly(-3, -2);
    }

    @Test
    void runningSumsAreAsLongAsTheirInputsGo() {
        int n = 10_000;
        double[] values = new double[n];
        for (int i = 0; i < n; i++) {
            values[i] = i % 5 - 1;                  // whose sums are exact in float32
        }
        for (String reverse : List.of("forward", "reverse")) {
            for (String exclusive : List.of("inclusive", "exclusive")) {
                OneNode cumSum = OneNode.of(14, "CumSum").integer("reverse", reverse.equals("reverse") ? 1 : 0)
                        .integer("exclusive", exclusive.equals("exclusive") ? 1 : 0);
                HostArray axis = HostArray.longs(1);
                HostArray x = floats(Shape.of(2, n / 2, 1), values);
                assertThat(cumSum.run(x, axis).reals()).containsExactly(cumSum.onHost(x, axis).reals());
                HostArray row = floats(Shape.of(1, n), values);
                assertThat(cumSum.run(row, axis).reals()).containsExactly(cumSum.onHost(row, axis).reals());
            }
        }
    }

    @Test
    void whatIsInfiniteReachesOnlyTheSumsBehindIt() {
        double infinite = Double.POSITIVE_INFINITY;
        assertThat(OneNode.of(14, "CumSum").run(floats(1, infinite, 2), HostArray.longs(0)).reals())
                .containsExactly(1, infinite, infinite);
        assertThat(OneNode.of(14, "CumSum").integer("exclusive", 1).run(floats(7), HostArray.longs(0)).reals())
                .containsExactly(0);
    }

    /** Broadcasting as it was before opset 7: the second operand stands under the first one's {@code axis}. */
    @Test
    void oldComparisonsAlignTheSecondOperandWithAnAxis() {
        HostArray x = floats(Shape.of(2, 3, 2), 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        HostArray middle = floats(1, 3, 5);
        HostArray first = floats(0, 20);
        assertThat(OneNode.of(6, "Less").integer("broadcast", 1).integer("axis", 1).run(x, middle).integers())
                .containsExactly(1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0);
        assertThat(OneNode.of(6, "Greater").integer("broadcast", 1).integer("axis", 1).onHost(x, middle).integers())
                .containsExactly(0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1);
        assertThat(OneNode.of(6, "Equal").integer("broadcast", 1).integer("axis", 0).run(integers(ElementType.INT32,
                1, 2), integers(ElementType.INT32, 1, 3)).integers()).containsExactly(1, 0);
        assertThat(OneNode.of(6, "Add").integer("broadcast", 1).integer("axis", 0).run(x, first).reals())
                .containsExactly(0, 1, 2, 3, 4, 5, 26, 27, 28, 29, 30, 31);
        assertThat(OneNode.of(6, "Pow").integer("broadcast", 1).integer("axis", -3).run(x, floats(1, 0))
                .reals()).containsExactly(0, 1, 2, 3, 4, 5, 1, 1, 1, 1, 1, 1);
        HostArray grid = HostArray.of(ElementType.BOOL, Shape.of(2, 2), 1, 1, 0, 0);
        assertThat(OneNode.of(6, "And").integer("broadcast", 1).integer("axis", 0).run(grid, truths(1, 0)).integers())
                .containsExactly(1, 1, 0, 0);
        assertThat(OneNode.of(6, "Xor").integer("broadcast", 1).integer("axis", 0).run(grid, truths(1, 0)).integers())
                .containsExactly(0, 0, 0, 0);
        HostArray large = floats(Shape.of(3, 2), new double[6]);
        assertThatThrownBy(() -> OneNode.of(6, "Sub").integer("axis", 2).run(x, large))
                .isInstanceOf(OnnxException.class)
                .hasMessageContaining("axis 2 for a second operand of shape [3, 2]");
    }

    @Test
    void slopesOfIntegers() {
        HostArray slope = integers(ElementType.INT32, 3, LARGE_FOR_FLOAT);
        HostArray grid = HostArray.of(ElementType.INT32, Shape.of(2, 2), -2, -1, 5, 7);
        assertThat(OneNode.of(16, "PRelu").run(grid, slope).integers()).containsExactly(-6, -LARGE_FOR_FLOAT, 5, 7);
        assertThat(OneNode.of(16, "PRelu").run(integers(ElementType.UINT64, -1, 7), integers(ElementType.UINT64, 2))
                .integers()).containsExactly(-1, 7);
        HostArray wide = OneNode.of(16, "PRelu").run(HostArray.longs(-LARGE, LARGE), HostArray.longs(1));
        assertThat(wide.type()).isEqualTo(ElementType.INT64);
        assertThat(wide.integers()).containsExactly(-LARGE, LARGE);
    }

    @Test
    void integersAreReducedExactly() {
        HostArray x = HostArray.longs(LARGE, 2, LARGE);
        assertThat(OneNode.of(18, "ReduceMax").run(x).integers()).containsExactly(LARGE);
        assertThat(OneNode.of(18, "ReduceMin").run(HostArray.longs(-LARGE, 2)).integers()).containsExactly(-LARGE);
        assertThat(OneNode.of(18, "ReduceSum").run(x).integers()).containsExactly(2 * LARGE + 2);
        assertThat(OneNode.of(18, "ReduceL1").run(HostArray.longs(-LARGE, 2)).integers()).containsExactly(LARGE + 2);
        assertThat(OneNode.of(18, "ReduceProd").run(HostArray.longs(LARGE, 3)).integers()).containsExactly(3 * LARGE);
        assertThat(OneNode.of(18, "ReduceSumSquare").run(HostArray.longs(1 << 27, 1)).integers())
                .containsExactly((1L << 54) + 1);
        assertThat(OneNode.of(18, "ReduceMean").run(HostArray.longs(LARGE, LARGE)).integers()).containsExactly(LARGE);
        assertThat(OneNode.of(18, "ReduceMax").run(integers(ElementType.UINT64, -1, 5)).integers())
                .containsExactly(-1);
    }

    @Test
    void logarithmsOfSumsOnTheHostAreThoseOfTheSum() {
        assertThat(OneNode.of(18, "ReduceLogSum").onHost(floats(-1, 3)).reals()[0])
                .isCloseTo(Math.log(2), within(1e-6));
        assertThat(OneNode.of(18, "ReduceLogSumExp").onHost(floats(1000, 1000)).reals()[0])
                .isCloseTo(1000 + Math.log(2), within(1e-3));
    }

    @Test
    void theLogarithmOfNothingButZerosIsMinusInfinity() {
        double low = Double.NEGATIVE_INFINITY;
        assertThat(OneNode.of(18, "ReduceLogSumExp").run(floats(low, low)).reals()).containsExactly(low);
        assertThat(OneNode.of(18, "ReduceLogSumExp").onHost(floats(low, low)).reals()).containsExactly(low);
        assertThat(OneNode.of(18, "ReduceLogSumExp").run(floats(-low, 1)).reals()).containsExactly(-low);
    }

    @Test
    void integersAreScatteredExactly() {
        OneNode add = OneNode.of(18, "ScatterElements").text("reduction", "add");
        assertThat(add.run(HostArray.longs(LARGE, 0), HostArray.longs(0, 0), HostArray.longs(1, 1)).integers())
                .containsExactly(LARGE + 2, 0);
        OneNode max = OneNode.of(18, "ScatterElements").text("reduction", "max");
        assertThat(max.run(integers(ElementType.UINT64, -1, 0), HostArray.longs(0, 1),
                integers(ElementType.UINT64, 5, 5)).integers()).containsExactly(-1, 5);
    }

    @Test
    void productsOfIntegersAreExact() {
        HostArray row = HostArray.of(ElementType.INT64, Shape.of(1, 2), LARGE_FOR_FLOAT, 1);
        HostArray column = HostArray.of(ElementType.INT64, Shape.of(2, 1), 1, 1);
        HostArray vector = HostArray.longs(1, 1);
        assertThat(OneNode.of(13, "MatMul").run(row, column).integers()).containsExactly(LARGE_FOR_FLOAT + 1);
        HostArray y = OneNode.of(13, "MatMul").run(row, vector);
        assertThat(y.shape()).isEqualTo(Shape.of(1));
        assertThat(y.integers()).containsExactly(LARGE_FOR_FLOAT + 1);
        assertThat(OneNode.of(13, "MatMul").run(vector, vector).shape()).isEqualTo(Shape.SCALAR);
        long square = LARGE_FOR_FLOAT * LARGE_FOR_FLOAT;
        assertThat(OneNode.of(13, "Gemm").integer("transB", 1).run(row, row, vector.reshaped(Shape.of(1, 2)))
                .integers()).containsExactly(square + 2, square + 2);
        assertThat(OneNode.of(12, "Einsum").text("equation", "ij,jk->ik").run(row, column).integers())
                .containsExactly(LARGE_FOR_FLOAT + 1);
    }

    @Test
    void absoluteValuesAndSignsOfUnsignedNumbers() {
        HostArray x = integers(ElementType.UINT64, -1, 0, 7);
        assertThat(OneNode.of(13, "Abs").run(x).integers()).containsExactly(-1, 0, 7);
        assertThat(OneNode.of(13, "Sign").run(x).integers()).containsExactly(1, 0, 1);
    }

    @Test
    void powersOfIntegersAreExact() {
        OneNode pow = OneNode.of(15, "Pow");
        assertThat(pow.run(HostArray.longs(3, 2, -1, 2, 0), HostArray.longs(39, 62, -3, -1, 0)).integers())
                .containsExactly(4052555153018976267L, 1L << 62, -1, 0, 1);
    }

    @Test
    void partsOfAnotherNumberThanTheOutputsAreRefused() {
        assertThatThrownBy(() -> OneNode.of(18, "Split").integer("num_outputs", Integer.MAX_VALUE).run(floats(1, 2)))
                .isInstanceOf(OnnxException.class).hasMessageContaining("num_outputs 2147483647; expected the "
                        + "node's 1");
    }

    @Test
    void textsBecomeIntegersExactly() {
        HostArray y = OneNode.of(13, "Cast").integer("to", 7).run(HostArray.of(Shape.of(2), "9007199254740993", " -3"));
        assertThat(y.integers()).containsExactly(9007199254740993L, -3);
    }

    @Test
    void anIntegersPictureStaysOne() {
        HostArray x = HostArray.of(ElementType.INT64, Shape.of(1, 1, 1, 2), LARGE, 3);
        HostArray sizes = HostArray.longs(1, 1, 1, 4);
        HostArray none = floats();
        HostArray nearest = OneNode.of(18, "Resize").text("mode", "nearest").run(x, none, none, sizes);
        assertThat(nearest.type()).isEqualTo(ElementType.INT64);
        assertThat(nearest.integers()).containsExactly(LARGE, LARGE, 3, 3);
        HostArray linear = OneNode.of(18, "Resize").text("mode", "linear").run(HostArray.of(ElementType.UINT8,
                Shape.of(1, 1, 1, 2), 0, 8), none, none, sizes);
        assertThat(linear.type()).isEqualTo(ElementType.UINT8);
        assertThat(linear.integers()).containsExactly(0, 2, 6, 8);
    }

    @Test
    void trianglesOfRealNumbersOnTheHost() {
        HostArray y = OneNode.of(14, "Trilu").onHost(floats(Shape.of(2, 2), 1, 2, 3, 4));
        assertThat(y.reals()).containsExactly(1, 2, 0, 4);
    }

    @Test
    void softmaxBeforeOpset13CountsNegativeAxesFromTheEnd() {
        HostArray y = OneNode.of(11, "Softmax").integer("axis", -1).run(floats(0, 0));
        assertThat(y.reals()).containsExactly(0.5, 0.5);
    }

    /** Comparisons of tensors leave truth values on the device. */
    @Test
    void truthValuesOnTheDeviceStayTruthValues() {
        HostArray joined = OneNode.of(13, "Concat").integer("axis", 0).withTruthsOnDevice(truths(1, 0), truths(1));
        assertThat(joined.type()).isEqualTo(ElementType.BOOL);
        assertThat(joined.integers()).containsExactly(1, 0, 1);
        HostArray any = OneNode.of(20, "ReduceMax").withTruthsOnDevice(truths(0, 1));
        assertThat(any.type()).isEqualTo(ElementType.BOOL);
        assertThat(any.integers()).containsExactly(1);
    }

    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void dequantisingTakesTimeInProportion() {
        HostArray weights = HostArray.of(ElementType.INT8, Shape.of(1 << 20), new long[1 << 20]);
        HostArray y = OneNode.of(13, "DequantizeLinear").run(weights, floats(Shape.SCALAR, 0.5));
        assertThat(y.size()).isEqualTo(1 << 20);
    }

    @Test
    void quantisedProductsWithAScaleForEachRow() {
        HostArray a = HostArray.of(ElementType.UINT8, Shape.of(2, 1), 2, 2);
        HostArray b = HostArray.of(ElementType.UINT8, Shape.of(1, 2), 3, 3);
        HostArray one = floats(Shape.SCALAR, 1);
        HostArray zero = HostArray.of(ElementType.UINT8, Shape.SCALAR, 0L);
        HostArray y = OneNode.of(10, "QLinearMatMul").run(a, floats(1, 2), integers(ElementType.UINT8, 0, 1), b,
                floats(1, 10), integers(ElementType.UINT8, 0, 0), one, zero);
        assertThat(y.integers()).containsExactly(6, 60, 6, 60);
    }

    @ParameterizedTest
    @ValueSource(strings = {"floor", "round_prefer_floor", "round_prefer_ceil", "ceil"})
    void whatIsNotKnownOfResizeIsSaid(String nearest) {
        HostArray x = floats(Shape.of(1, 1, 1, 2), 1, 2);
        HostArray sizes = HostArray.longs(1, 1, 1, 4);
        OneNode resize = OneNode.of(18, "Resize").text("mode", "nearest");
        assertThat(resize.text("nearest_mode", nearest).run(x, floats(), floats(), sizes).size()).isEqualTo(4);
        assertThatThrownBy(() -> resize.text("nearest_mode", nearest + "?").run(x, floats(), floats(), sizes))
                .isInstanceOf(OnnxException.class).hasMessageContaining("nearest_mode " + nearest + "?");
    }

    @Test
    void sequencesOfAnotherNumberThanTheBatchAreRefused() {
        HostArray x = floats(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
        assertThatThrownBy(() -> OneNode.of(10, "ReverseSequence").run(x, HostArray.longs(1, 2)))
                .isInstanceOf(OnnxException.class).hasMessageContaining("2 lengths");
    }
}
