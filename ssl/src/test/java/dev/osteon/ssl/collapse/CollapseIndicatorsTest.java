package dev.osteon.ssl.collapse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CollapseIndicatorsTest {

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

    /** Rows that are normally distributed in the first {@code rank} of d dimensions. */
    private static Tensor normal(DType dtype, int n, int d, int rank, double scale) {
        Philox random = Philox.of(5);
        double[] values = new double[n * d];
        for (int i = 0; i < values.length; i++) {
            values[i] = i % d < rank ? scale * random.nextGaussian() : 0;
        }
        return Tensor.of(Device.CPU, Shape.of(n, d), dtype, values);
    }

    @Test
    void onePointIsACollapse() {
        CollapseIndicators point = CollapseIndicators.of(rows(3, 1, 2, 2, 4, 3, 6));
        assertThat(point.spread()).isCloseTo(0, within(1e-12));
        assertThat(point.effectiveRank()).isZero();
    }

    @Test
    void theCornersOfACrossByHand() {
        // ±x and ±y: a coordinate is 1, −1, 0, 0, its standard deviation √½, times √2 is 1; two equal singular values
        CollapseIndicators cross = CollapseIndicators.of(rows(4, 3, 0, -1, 0, 0, 2, 0, -7));
        assertThat(cross.spread()).isCloseTo(1, within(1e-12));
        assertThat(cross.effectiveRank()).isCloseTo(2, within(1e-9));
        assertThat(CollapseIndicators.of(rows(2, 1, 0, -1, 0)).effectiveRank()).isCloseTo(1, within(1e-9));
    }

    @Test
    void theRankIsThatOfTheSubspaceWhateverTheScaleAndShape() {
        for (double scale : new double[] {1e-3, 1, 1e3}) {
            CollapseIndicators wide = CollapseIndicators.of(normal(DType.F32, 400, 16, 16, scale));
            assertThat(wide.spread()).isCloseTo(1, within(0.02));
            assertThat(wide.effectiveRank()).isBetween(15.5, 16.0);
            assertThat(CollapseIndicators.of(normal(DType.F32, 400, 16, 4, scale)).effectiveRank()).isBetween(3.9, 4.0);
            assertThat(CollapseIndicators.of(normal(DType.BF16, 8, 64, 64, scale)).effectiveRank()).isBetween(6.0, 7.0);
        }
    }

    @Test
    void prototypesByHand() {
        // two samples prefer the first of four prototypes, the total assignment is (3/4, 1/4, 0, 0)
        PrototypeUse use = PrototypeUse.of(2 * Math.log(2), rows(2, 1, 0, 0, 0, 0.5, 0.5, 0, 0));
        assertThat(use.lossPerChance()).isCloseTo(1, within(1e-12));
        assertThat(use.occupied()).isEqualTo(0.25);
        assertThat(use.effectiveShare())
                .isCloseTo(Math.exp(-0.75 * Math.log(0.75) - 0.25 * Math.log(0.25)) / 4, within(1e-12));
        PrototypeUse all = PrototypeUse.of(0, rows(2, 1, 0, 0, 1));
        assertThat(all.occupied()).isEqualTo(1);
        assertThat(all.effectiveShare()).isCloseTo(1, within(1e-12));
    }

    @Test
    void badInputIsNamed() {
        assertThatThrownBy(() -> CollapseIndicators.of(rows(1, 1, 2))).isInstanceOf(EngineException.class)
                .hasMessageContaining("2 or more");
        assertThatThrownBy(() -> PrototypeUse.of(1, rows(3, 1, 1, 1))).isInstanceOf(EngineException.class)
                .hasMessageContaining("K of 2 or more");
    }
}
