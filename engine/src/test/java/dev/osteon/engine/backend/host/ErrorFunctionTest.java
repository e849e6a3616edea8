package dev.osteon.engine.backend.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ErrorFunctionTest {

    /** x, erf(x), erfc(x) by the C library. */
    private static final double[][] TABLE = {
        {1e-300, 1.1283791670955126e-300, 1.0},
        {1e-09, 1.1283791670955127e-09, 0.9999999988716208},
        {0.1, 0.1124629160182849, 0.8875370839817152},
        {0.46875, 0.49261347321793797, 0.507386526782062},
        {0.5, 0.5204998778130465, 0.4795001221869535},
        {1, 0.8427007929497149, 0.15729920705028513},
        {1.5, 0.9661051464753108, 0.033894853524689274},
        {2, 0.9953222650189527, 0.004677734981047265},
        {2.4999, 0.9995928300996666, 0.0004071699003334514},
        {2.5, 0.999593047982555, 0.0004069520174449589},
        {3, 0.9999779095030014, 2.2090496998585438e-05},
        {4, 0.9999999845827421, 1.541725790028002e-08},
        {5.5, 0.9999999999999927, 7.357847917974398e-15},
        {6, 1.0, 2.1519736712498916e-17},
        {9, 1.0, 4.13703174651381e-37},
        {26, 1.0, 5.663192408856143e-296}
    };

    @Test
    void agreesWithTheCLibrary() {
        for (double[] row : TABLE) {
            assertThat(ErrorFunction.erf(row[0])).as("erf(%s)", row[0]).isCloseTo(row[1], within(1e-15 * row[1]));
            assertThat(ErrorFunction.erf(-row[0])).as("erf(-%s)", row[0]).isCloseTo(-row[1], within(1e-15 * row[1]));
            assertThat(ErrorFunction.erfc(row[0])).as("erfc(%s)", row[0]).isCloseTo(row[2],
                    within(row[0] < 2.5 ? 1e-15 : 1e-14 * row[2]));
            assertThat(ErrorFunction.erfc(-row[0])).as("erfc(-%s)", row[0]).isCloseTo(1 + row[1], within(1e-15));
        }
    }

    @Test
    void reachesItsLimits() {
        assertThat(ErrorFunction.erf(0)).isZero();
        assertThat(ErrorFunction.erf(Double.POSITIVE_INFINITY)).isEqualTo(1);
        assertThat(ErrorFunction.erf(Double.NEGATIVE_INFINITY)).isEqualTo(-1);
        assertThat(ErrorFunction.erfc(Double.POSITIVE_INFINITY)).isZero();
        assertThat(ErrorFunction.erf(Double.NaN)).isNaN();
    }

    @Test
    void isContinuousWhereTheMethodChanges() {
        double below = ErrorFunction.erfc(Math.nextDown(2.5));
        assertThat(ErrorFunction.erfc(2.5)).isCloseTo(below, within(1e-16));
    }
}
