package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.UnsupportedOpException;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What kernels find wrong with the values of their operands arrives as the reference's message, and work goes on. */
class CudaFaultTest {

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    private static Tensor integers(int... values) {
        return Tensor.of(CudaEmulator.DEVICE, Shape.of(values.length), values);
    }

    @Test
    void anIndexOutOfRange() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = Tensor.of(CudaEmulator.DEVICE, Shape.of(3, 2), 1, 2, 3, 4, 5, 6);
            Tensor y = Ops.select(x, integers(0, 7), 0);
            assertThatThrownBy(y::toFloats).isInstanceOf(EngineException.class)
                    .hasMessage("select: given index 7 at position 1; expected 0 to 2");
            assertThat(Ops.select(x, integers(2), 0).toFloats()).containsExactly(5, 6);
        }
    }

    @Test
    void anIntegerDividedByZero() {
        try (TensorScope scope = TensorScope.open()) {
            assertThatThrownBy(() -> Ops.div(integers(4, 9), integers(2, 0)).toFloats())
                    .isInstanceOf(EngineException.class).hasMessageContaining("div: given an integer divisor of 0");
            assertThat(Ops.div(integers(-7, 9), integers(2, 3)).toDoubles()).containsExactly(-3, 3);
        }
    }

    @Test
    void float64IsRefused() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = Tensor.of(CudaEmulator.DEVICE, Shape.of(2), DType.F64, 1, 2);
            assertThatThrownBy(() -> Ops.exp(x)).isInstanceOf(UnsupportedOpException.class)
                    .hasMessageContainingAll("cuda:0", "f64", "exp");
        }
    }
}
