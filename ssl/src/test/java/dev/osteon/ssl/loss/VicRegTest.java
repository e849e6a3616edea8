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
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VicRegTest {

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor rows(int n, double... values) {
        return Tensor.of(Device.REFERENCE, Shape.of(n, values.length / n), DType.F64, values);
    }

    @Test
    void theTermsByHand() {
        // x: columns (0, 1) and (0, 1): variance 1/2 each, covariance 1/2; y: columns (0, 1) and (2, 2)
        VicReg.Terms terms = VicReg.OFFICIAL.terms(rows(2, 0, 0, 1, 1), rows(2, 0, 2, 1, 2));
        double spread = 1 - Math.sqrt(0.5 + 1e-4);
        double still = 1 - Math.sqrt(1e-4);
        assertThat(terms.invariance().item()).as("mean of 0, 4, 0, 1").isCloseTo(5.0 / 4, within(1e-12));
        assertThat(terms.variance().item()).as("mean over columns, then over branches")
                .isCloseTo((spread + (spread + still) / 2) / 2, within(1e-12));
        assertThat(terms.covariance().item()).as("2·(1/2)² / 2 of x, 0 of y").isCloseTo(0.25, within(1e-12));
        assertThat(VicReg.OFFICIAL.loss(rows(2, 0, 0, 1, 1), rows(2, 0, 2, 1, 2)).item())
                .isCloseTo(25 * 5.0 / 4 + 25 * terms.variance().item() + 0.25, within(1e-12));
    }

    @Test
    void theSumOfBranchesIsTwiceTheirMean() {
        Tensor x = rows(2, 0, 0, 1, 1);
        VicReg sum = new VicReg(25, 25, 1, 1e-4, VicReg.Branches.SUM);
        assertThat(sum.terms(x, x).variance().item())
                .isCloseTo(2 * VicReg.OFFICIAL.terms(x, x).variance().item(), within(1e-12));
    }

    @Test
    void wideColumnsAreNotPushedFurther() {
        // standard deviation 10 and more, no invariance and no covariance weight: no gradient at all
        Tensor x = Normal.rows(Device.REFERENCE, DType.F64, 1, 8, 3, 30);
        try (Tape tape = Tape.watching(x)) {
            Tensor loss = new VicReg(0, 1, 0, 1e-4, VicReg.Branches.MEAN).loss(x, x);
            assertThat(loss.item()).isZero();
            try (Gradients gradients = tape.gradients(loss, List.of(x))) {
                assertThat(gradients.of(x).toDoubles()).containsOnly(0);
            }
        }
    }

    @Test
    void gradientAgreesWithDifferences() {
        List<Tensor> z = List.of(Normal.rows(1, 4, 5), Normal.rows(2, 4, 5));
        assertThat(GradCheck.check(v -> VicReg.OFFICIAL.loss(v.get(0), v.get(1)), z, List.of(0, 1)).error())
                .isLessThan(1e-6);
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-3, 1, 1e3})
    void staysFinite(double scale) {
        for (DType dtype : List.of(DType.F32, DType.BF16)) {
            List<Tensor> z = List.of(Normal.rows(Device.CPU, dtype, 1, 16, 8, scale),
                    Normal.rows(Device.CPU, dtype, 2, 16, 8, scale));
            try (Tape tape = Tape.watching(z)) {
                Tensor loss = VicReg.OFFICIAL.loss(z.getFirst(), z.getLast());
                assertThat(loss.item()).isFinite();
                try (Gradients gradients = tape.gradients(loss, z)) {
                    z.forEach(x -> assertThat(DoubleStream.of(gradients.of(x).toDoubles()).boxed())
                            .allMatch(Double::isFinite));
                }
            }
        }
    }

    @Test
    void badInputIsNamed() {
        assertThatThrownBy(() -> new VicReg(25, -1, 1, 1e-4, VicReg.Branches.MEAN)).hasMessageContaining("weights");
        Tensor one = Normal.rows(1, 1, 3);
        assertThatThrownBy(() -> VicReg.OFFICIAL.loss(one, one)).isInstanceOf(EngineException.class)
                .hasMessageContaining("2 or more");
    }
}
