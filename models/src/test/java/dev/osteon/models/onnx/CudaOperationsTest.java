package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.backend.cuda.CudaEmulator;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Operations whose way through the CUDA device is not that of the others. */
class CudaOperationsTest {

    @BeforeAll
    static void device() {
        CudaEmulator.backend();
    }

    @Test
    void runningSumsOfManyElements() {
        double[] values = new double[9000];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % 5 - 1;
        }
        HostArray x = HostArray.of(ElementType.FLOAT, Shape.of(values.length), values);
        OneNode cumSum = OneNode.of(14, "CumSum");
        assertThat(cumSum.run(CudaEmulator.DEVICE, x, HostArray.longs(0)).reals())
                .containsExactly(cumSum.onHost(x, HostArray.longs(0)).reals());
    }

    @Test
    void castsRoundOnTheDevice() {
        HostArray x = OperationsTest.floats(0.123456789, -70000, Double.NEGATIVE_INFINITY, Double.NaN, 0x1p-25);
        for (int code : new int[] {10, 16, 17}) {
            OneNode cast = OneNode.of(24, "Cast").integer("to", code);
            assertThat(cast.run(CudaEmulator.DEVICE, x).reals()).as("type %d", code)
                    .containsExactly(cast.onHost(x).reals());
        }
    }
}
