package dev.osteon.engine.tensor;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.op.Pad;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Sizes beyond what their types hold are errors of the engine, not wrapped around. */
class ShapeOverflowTest {

    private static final int MOST = Integer.MAX_VALUE;

    @Test
    void aProductOfSizesBeyondALongIsRefused() {
        assertThatThrownBy(() -> Shape.of(MOST, MOST, MOST)).isInstanceOf(EngineException.class)
                .hasMessageContaining("expected fewer than 2^63 elements");
    }

    @Test
    void paddingBeyondAnIntIsRefused() {
        List<TensorSpec> x = List.of(TensorSpec.of(Shape.of(3), DType.F32));
        assertThatThrownBy(() -> new Pad(0, MOST, MOST, 1, 0).infer(x)).isInstanceOf(EngineException.class)
                .hasMessageContaining("fewer than 2^31");
        assertThatThrownBy(() -> new Pad(0, 0, 0, MOST, 0).infer(x)).isInstanceOf(EngineException.class);
    }
}
