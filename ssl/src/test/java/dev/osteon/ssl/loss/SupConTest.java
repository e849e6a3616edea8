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
import java.util.Optional;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SupConTest {

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor labels(int... classes) {
        return Tensor.of(Device.REFERENCE, Shape.of(classes.length), classes);
    }

    private static Tensor rows(int n, double... values) {
        return Tensor.of(Device.REFERENCE, Shape.of(n, values.length / n), DType.F64, values);
    }

    @Test
    void threeRowsByHand() {
        // rows 0 and 1 point the same way and share a class, row 2 is at a right angle and has no positive;
        // t = 0.5: each of the two has log p = 2 - log(e^2 + e^0), row 2 contributes 0 and counts in the mean of 3
        Tensor z = rows(3, 1, 0, 4, 0, 0, 2);
        double logP = 2 - Math.log(Math.exp(2) + 1);
        assertThat(new SupCon(0.5, 0.5, SupCon.Anchors.ALL).loss(List.of(z), labels(7, 7, 9)).item())
                .isCloseTo(-2 * logP / 3, within(1e-12));
        assertThat(new SupCon(0.5, 0.25, SupCon.Anchors.ALL).loss(List.of(z), labels(7, 7, 9)).item())
                .as("t / t_base on top").isCloseTo(-2 * 2 * logP / 3, within(1e-12));
    }

    @Test
    void theMeanIsOfLogarithmsOverPositivesAndTheDenominatorHoldsThemAll() {
        // all four rows alike: every log p is -log 3, whichever rows are positives
        Tensor z = rows(2, 1, 2, 1, 2);
        for (SupCon.Anchors anchors : SupCon.Anchors.values()) {
            assertThat(new SupCon(0.1, 0.1, anchors).loss(List.of(z, z), labels(0, 0)).item())
                    .isCloseTo(Math.log(3), within(1e-12));
        }
    }

    @Test
    void oneTakesAnchorsFromTheFirstViewOnly() {
        // first view: two rows at right angles; second view: both along the first axis
        Tensor a = rows(2, 1, 0, 0, 1);
        Tensor b = rows(2, 1, 0, 1, 0);
        double first = 1 - Math.log(2 * Math.E + 1);     // positive at cosine 1, others at 0 and 1
        double second = 0 - Math.log(3);                 // positive at 0, others at 0 and 0
        assertThat(new SupCon(1, 1, SupCon.Anchors.ONE).loss(List.of(a, b), labels(0, 1)).item())
                .isCloseTo(-(first + second) / 2, within(1e-12));
    }

    @Test
    void withoutLabelsItIsNtXent() {
        List<Tensor> views = List.of(Normal.rows(1, 5, 4), Normal.rows(2, 5, 4));
        Tensor own = SupCon.everySampleItsOwnClass(Device.REFERENCE, 5);
        assertThat(new SupCon(0.2, 0.2, SupCon.Anchors.ALL).loss(views, own).item())
                .isCloseTo(new NtXent(0.2).loss(views.get(0), views.get(1)).item(), within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(strings = {"ALL", "ONE"})
    void gradientAgreesWithDifferences(String anchors) {
        SupCon loss = new SupCon(0.3, 0.07, SupCon.Anchors.valueOf(anchors));
        List<Tensor> views = List.of(Normal.rows(1, 4, 3), Normal.rows(2, 4, 3));
        assertThat(GradCheck.check(z -> loss.loss(z, labels(0, 1, 0, 2)), views, List.of(0, 1)).error())
                .isLessThan(1e-7);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-3, 1, 1e3})
    void staysFinite(double scale) {
        for (DType dtype : List.of(DType.F32, DType.BF16)) {
            List<Tensor> z = List.of(Normal.rows(Device.CPU, dtype, 1, 16, 8, scale),
                    Normal.rows(Device.CPU, dtype, 2, 16, 8, scale));
            try (Tape tape = Tape.watching(z)) {
                Tensor loss = new SupCon(0.07, 0.07, SupCon.Anchors.ALL).loss(z,
                        Tensor.of(Device.CPU, Shape.of(16), 0, 1, 0, 1, 0, 0, 1, 2, 0, 0, 0, 1, 1, 0, 0, 3));
                assertThat(loss.item()).isFinite();
                try (Gradients gradients = tape.gradients(loss, z)) {
                    z.forEach(x -> assertThat(DoubleStream.of(gradients.of(x).toDoubles()).boxed())
                            .allMatch(Double::isFinite));
                }
            }
        }
    }

    @Test
    void overMultiCropItWantsLabels() {
        List<Tensor> views = List.of(Normal.rows(1, 4, 3), Normal.rows(2, 4, 3), Normal.rows(3, 4, 3));
        SupCon pair = new SupCon(0.1, 0.07, SupCon.Anchors.ALL);
        SslMethod method = pair.overMultiCrop(3, MultiCropLoss.Reduction.SUM);
        Tensor y = labels(0, 1, 0, 2);
        PairLoss l = pair.between(y);
        double expected = 2 * l.loss(views.get(0), views.get(1)).item() + l.loss(views.get(2), views.get(0)).item()
                + l.loss(views.get(2), views.get(1)).item();
        assertThat(method.loss(new Batch(views, Optional.of(y), Batch.Moment.START)).item())
                .isCloseTo(expected, within(1e-12));
        SslMethod ofTwo = pair.overMultiCrop(2, MultiCropLoss.Reduction.SUM);
        assertThatThrownBy(() -> ofTwo.loss(new Batch(views, Optional.of(y), Batch.Moment.START)))
                .isInstanceOf(EngineException.class).hasMessageContaining("index 2")
                .hasMessageContaining("0 to 1");
        assertThatThrownBy(() -> method.loss(Batch.of(views))).isInstanceOf(EngineException.class)
                .hasMessageContaining("labels");
    }

    @Test
    void badInputIsNamed() {
        assertThatThrownBy(() -> new SupCon(0.1, 0, SupCon.Anchors.ALL)).hasMessageContaining("base temperature");
        assertThatThrownBy(() -> new SupCon(0.1, 0.1, SupCon.Anchors.ALL).loss(List.of(Normal.rows(1, 4, 3)),
                labels(0, 1))).isInstanceOf(EngineException.class).hasMessageContaining("labels [B]");
    }
}
