package dev.osteon.ssl.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SupervisedTest {

    private static Tensor logits(double... values) {
        return Tensor.of(Device.REFERENCE, Shape.of(values.length / 2, 2), DType.F64, values);
    }

    @Test
    void everyViewIsAnExampleOfItsSamplesClass() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor labels = Tensor.of(Device.REFERENCE, Shape.of(2), new int[] {1, 0});
            Batch batch = new Batch(List.of(logits(0, 2, 1, 0), logits(3, 0, 0, 0)), Optional.of(labels),
                    Batch.Moment.START);
            double expected = (Math.log1p(Math.exp(-2)) + Math.log1p(Math.exp(-1)) + Math.log1p(Math.exp(3))
                    + Math.log(2)) / 4;
            assertThat(new Supervised().loss(batch).item()).isCloseTo(expected, within(1e-12));
        }
    }

    @Test
    void withoutLabelsItSaysSo() {
        try (TensorScope scope = TensorScope.open()) {
            Batch batch = Batch.of(List.of(logits(0, 1), logits(0, 1)));
            assertThatThrownBy(() -> new Supervised().loss(batch)).isInstanceOf(EngineException.class)
                    .hasMessageContaining("supervised");
        }
    }
}
