package dev.osteon.ssl.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.autograd.GradCheck;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NtXentTest {

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor normal(Device device, DType dtype, long seed, int n, int d, double scale) {
        return Normal.rows(device, dtype, seed, n, d, scale);
    }

    @Test
    void theAuthorsCodeReportsTwiceTheMean() {
        Tensor a = Normal.rows(1, 3, 4);
        Tensor b = Normal.rows(2, 3, 4);
        assertThat(new NtXent(0.5, NtXent.Anchors.SUM_OF_VIEWS).loss(a, b).item())
                .isCloseTo(2 * new NtXent(0.5).loss(a, b).item(), within(1e-12));
    }

    @Test
    void twoPairsByHand() {
        // orthogonal samples, identical views: the partner's logit is 1/t, the two others' are 0
        Tensor z = Tensor.of(Device.REFERENCE, Shape.of(2, 2), DType.F64, 3, 0, 0, 5);
        double expected = -Math.log(Math.exp(2) / (Math.exp(2) + 2));
        assertThat(new NtXent(0.5).loss(z, z).item()).isCloseTo(expected, within(1e-12));
    }

    @Test
    void gradientAgreesWithDifferences() {
        List<Tensor> views = List.of(normal(Device.REFERENCE, DType.F64, 1, 3, 4, 1),
                normal(Device.REFERENCE, DType.F64, 2, 3, 4, 1));
        assertThat(GradCheck.check(z -> new NtXent(0.3).loss(z.get(0), z.get(1)), views, List.of(0, 1)).error())
                .isLessThan(1e-7);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-3, 1, 1e3})
    void staysFiniteAtALowTemperature(double scale) {
        for (DType dtype : List.of(DType.F32, DType.BF16)) {
            Tensor a = normal(Device.CPU, dtype, 1, 16, 8, scale);
            Tensor b = normal(Device.CPU, dtype, 2, 16, 8, scale);
            try (Tape tape = Tape.watching(a, b)) {
                Tensor loss = new NtXent(0.07).loss(a, b);
                assertThat(loss.item()).isFinite();
                try (Gradients gradients = tape.gradients(loss, List.of(a, b))) {
                    for (double g : gradients.of(a).toDoubles()) {
                        assertThat(g).isFinite();
                    }
                }
            }
        }
    }

    @Test
    void badInputIsNamed() {
        assertThatThrownBy(() -> new NtXent(0)).isInstanceOf(EngineException.class).hasMessageContaining("temperature");
        Tensor one = normal(Device.REFERENCE, DType.F64, 1, 1, 4, 1);
        assertThatThrownBy(() -> new NtXent(1).loss(one, one)).isInstanceOf(EngineException.class)
                .hasMessageContaining("negatives");
    }

    @Test
    void multiCropSumsGlobalPairsTwiceAndNoLocalOnes() {
        List<Tensor> views = List.of(normal(Device.REFERENCE, DType.F64, 1, 3, 4, 1),
                normal(Device.REFERENCE, DType.F64, 2, 3, 4, 1), normal(Device.REFERENCE, DType.F64, 3, 3, 4, 1),
                normal(Device.REFERENCE, DType.F64, 4, 3, 4, 1));
        NtXent pair = new NtXent(0.5);
        double expected = 2 * pair.loss(views.get(0), views.get(1)).item();
        for (int v = 2; v < 4; v++) {
            expected += pair.loss(views.get(v), views.get(0)).item() + pair.loss(views.get(v), views.get(1)).item();
        }
        assertThat(new MultiCropLoss(pair, MultiCropLoss.Reduction.SUM).loss(views).item())
                .isCloseTo(expected, within(1e-12));
        assertThat(new MultiCropLoss(pair, MultiCropLoss.Reduction.MEAN).loss(views).item())
                .isCloseTo(expected / 6, within(1e-12));
    }
}
