package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.OnnxException;
import org.junit.jupiter.api.Test;

/** What ONNX's own suites leave open: large integers, real numbers on the host, and truth values on the device. */
class OperationsTest {

    /** Doubles hold integers up to 2^53. */
    private static final long LARGE = (1L << 53) + 1;

    private static HostArray floats(Shape shape, double... values) {
        return HostArray.of(ElementType.FLOAT, shape, values);
    }

    private static HostArray floats(double... values) {
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
    void trianglesOfRealNumbersOnTheHost() {
        HostArray y = OneNode.of(14, "Trilu").onHost(floats(Shape.of(2, 2), 1, 2, 3, 4));
        assertThat(y.reals()).containsExactly(1, 2, 0, 4);
    }

    @Test
    void sequencesOfAnotherNumberThanTheBatchAreRefused() {
        HostArray x = floats(Shape.of(2, 3), 1, 2, 3, 4, 5, 6);
        assertThatThrownBy(() -> OneNode.of(10, "ReverseSequence").run(x, HostArray.longs(1, 2)))
                .isInstanceOf(OnnxException.class).hasMessageContaining("2 lengths");
    }
}
