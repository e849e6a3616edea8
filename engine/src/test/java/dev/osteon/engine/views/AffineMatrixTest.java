package dev.osteon.engine.views;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class AffineMatrixTest {

    @Test
    void theMapsMeetAtTheCropsEdges() {
        AffineMatrix m = AffineMatrix.resize(new Crop(3, 5, 8, 16), 4);
        assertThat(m.x(-0.5, 0)).isEqualTo(4.5);     // the outer edge of the crop's first column
        assertThat(m.x(3.5, 0)).isEqualTo(20.5);
        assertThat(m.y(0, -0.5)).isEqualTo(2.5);
        assertThat(m.y(0, 3.5)).isEqualTo(10.5);
        assertThat(m.supportX()).isEqualTo(4);
    }

    @Test
    void quarterTurnsAreExactAndOtherAnglesAsTheLibrarysAre() {
        AffineMatrix left = AffineMatrix.rotation(90, 5, 5);
        assertThat(new double[] {left.x(1, 3), left.y(1, 3)}).containsExactly(1, 1);
        AffineMatrix right = AffineMatrix.rotation(-90, 5, 5);
        assertThat(new double[] {right.x(1, 3), right.y(1, 3)}).containsExactly(3, 3);
        for (double degrees = -180; degrees <= 180; degrees += 0.37) {
            AffineMatrix m = AffineMatrix.rotation(degrees, 4, 6);
            assertThat(m.a()).isCloseTo(Math.cos(Math.toRadians(degrees)), within(1e-15));
            assertThat(m.d()).isCloseTo(Math.sin(Math.toRadians(degrees)), within(1e-15));
            assertThat(m.x(2.5, 1.5)).isCloseTo(2.5, within(1e-14));       // the centre stays
        }
    }
}
