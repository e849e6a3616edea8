package dev.osteon.ssl.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
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

class SinkhornKnoppTest {

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void oneIterationByHand() {
        // exp(S/eps) = [[1, 3], [1, 1]]; prototypes (columns) to sum 1: [[1/2, 3/4], [1/2, 1/4]];
        // samples (rows) to sum 1: [[2/5, 3/5], [2/3, 1/3]]
        Tensor scores = Tensor.of(Device.REFERENCE, Shape.of(2, 2), DType.F64, 0, 0.5 * Math.log(3), 0, 0);
        assertThat(new SinkhornKnopp(0.5, 1).codes(scores).toDoubles())
                .containsExactly(new double[] {0.4, 0.6, 2 / 3.0, 1 / 3.0}, within(1e-12));
    }

    @Test
    void manyIterationsUseAllPrototypesAlike() {
        Tensor q = new SinkhornKnopp(0.5, 200).codes(Normal.rows(1, 12, 4));
        assertThat(DoubleStream.of(Ops.sum(q, 1).toDoubles()).boxed())
                .allSatisfy(s -> assertThat(s).isCloseTo(1, within(1e-12)));
        assertThat(DoubleStream.of(Ops.sum(q, 0).toDoubles()).boxed())
                .allSatisfy(s -> assertThat(s).isCloseTo(12 / 4.0, within(1e-9)));
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-3, 1, 1e3, 1e6})
    void staysFiniteInFloat32(double scale) {
        for (DType dtype : List.of(DType.F32, DType.BF16)) {
            for (int prototypes : new int[] {5, 300}) {
                Tensor scores = Normal.rows(Device.CPU, dtype, 1, 16, prototypes, scale);
                double[] sums = Ops.sum(new SinkhornKnopp(0.05, 3).codes(scores), 1).toDoubles();
                assertThat(DoubleStream.of(sums).boxed()).allSatisfy(s -> assertThat(s).isCloseTo(1, within(1e-4)));
            }
        }
    }

    @Test
    void noGradientFlowsThroughCodes() {
        Tensor scores = Normal.rows(1, 4, 3);
        try (Tape tape = Tape.watching(scores)) {
            Tensor q = new SinkhornKnopp(0.05, 3).codes(scores);
            assertThatThrownBy(() -> tape.gradients(Ops.sum(q), List.of(scores))).isInstanceOf(EngineException.class)
                    .hasMessageContaining("does not depend");
        }
    }

    @Test
    void badSettingsAreNamed() {
        assertThatThrownBy(() -> new SinkhornKnopp(0, 3)).hasMessageContaining("epsilon");
        assertThatThrownBy(() -> new SinkhornKnopp(0.05, 0)).hasMessageContaining("iterations");
    }
}
