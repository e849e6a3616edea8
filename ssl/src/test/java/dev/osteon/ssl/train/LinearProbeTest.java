package dev.osteon.ssl.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.Device;
import dev.osteon.ssl.metrics.Splits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LinearProbeTest {

    private static final int SAMPLES = 600;

    /** The class shows in the small difference of two features that share a large part. */
    private static Features features(int[] labels) {
        Philox random = Philox.of(3);
        float[][] rows = new float[SAMPLES][3];
        for (int n = 0; n < SAMPLES; n++) {
            labels[n] = n % 3 == 0 ? 1 : 0;
            double shared = random.nextGaussian();
            rows[n][0] = (float) shared;
            rows[n][1] = (float) (shared + 0.01 * (2 * labels[n] - 1) + 0.01 * random.nextGaussian());
            rows[n][2] = 5;
        }
        return new Features(rows);
    }

    private static Splits splits() {
        List<Integer> all = IntStream.range(0, SAMPLES).boxed().toList();
        return new Splits(all.subList(0, 400), all.subList(400, 500), all.subList(500, SAMPLES));
    }

    @Test
    void logisticRegressionFindsDirectionsOfSmallVariance() {
        int[] labels = new int[SAMPLES];
        LinearProbe.Fit fit = LogisticProbe.overPenalties(500, ClassWeights.NONE)
                .fit(features(labels), labels, splits());
        LinearProbe.Point chosen = fit.curve().get(fit.chosen());
        assertThat(chosen.trainAuc()).isGreaterThan(0.88);            // Φ(√2) = 0.92 is the best there is
        assertThat(chosen.validationAuc()).isGreaterThan(0.85);
        assertThat(fit.curve()).hasSize(7);
        assertThat(chosen.validationAuc()).isEqualTo(fit.curve().stream()
                .mapToDouble(LinearProbe.Point::validationAuc).max().orElseThrow());
        assertThat(fit.weight()[2]).as("a constant feature").isZero();
    }

    @Test
    void theOptimumIsStationary() {
        int[] labels = new int[SAMPLES];
        Features features = features(labels);
        double penalty = 0.01;
        LinearProbe.Fit fit = new LogisticProbe(List.of(penalty), 500, ClassWeights.NONE)
                .fit(features, labels, splits());
        int[] train = IntStream.range(0, 400).toArray();
        Features scaled = features.standardised(train);
        double[] gradient = new double[4];
        for (int n : train) {
            double residual = fit.scores()[n] - labels[n];
            for (int k = 0; k < 3; k++) {
                gradient[k] += residual * scaled.rows()[n][k] / train.length;
            }
            gradient[3] += residual / train.length;
        }
        for (int k = 0; k < 3; k++) {
            assertThat(gradient[k] + penalty * fit.weight()[k]).isCloseTo(0, within(1e-6));
        }
        assertThat(gradient[3]).isCloseTo(0, within(1e-6));
    }

    @Test
    void separableClassesStayFinite() {
        float[][] rows = new float[SAMPLES][1];
        int[] labels = new int[SAMPLES];
        for (int n = 0; n < SAMPLES; n++) {
            labels[n] = n % 2;
            rows[n][0] = labels[n];
        }
        LinearProbe.Fit fit = LogisticProbe.overPenalties(200, ClassWeights.NONE)
                .fit(new Features(rows), labels, splits());
        assertThat(fit.curve().get(fit.chosen()).validationAuc()).isEqualTo(1);
        assertThat(Arrays.stream(fit.scores()).allMatch(Double::isFinite)).isTrue();
    }

    @Test
    void sgdLearnsWhatItsScoresSay() {
        int[] labels = new int[SAMPLES];
        float[][] rows = new float[SAMPLES][2];
        Philox random = Philox.of(4);
        for (int n = 0; n < SAMPLES; n++) {
            labels[n] = n % 3 == 0 ? 1 : 0;
            rows[n][0] = (float) random.nextGaussian();
            rows[n][1] = (float) (random.nextGaussian() + 2 * labels[n]);
        }
        Features features = new Features(rows);
        LinearProbe.Fit fit = new SgdProbe(new SgdProbe.Settings(30, 64, 0.1, 0, ClassWeights.NONE, 1), Device.CPU)
                .fit(features, labels, splits());
        assertThat(fit.curve().get(fit.chosen()).validationAuc()).isGreaterThan(0.85);
        Features scaled = features.standardised(IntStream.range(0, 400).toArray());
        for (int n = 0; n < 20; n++) {
            double logit = fit.bias() + fit.weight()[0] * scaled.rows()[n][0] + fit.weight()[1] * scaled.rows()[n][1];
            assertThat(fit.scores()[n]).isCloseTo(1 / (1 + Math.exp(-logit)), within(1e-4));
        }
    }

    @Test
    void minimisesAnIllConditionedQuadratic() {
        double[] scales = {1, 1e2, 1e4};
        double[] found = Lbfgs.minimize((x, gradient) -> {
            double value = 0;
            for (int k = 0; k < x.length; k++) {
                gradient[k] = scales[k] * (x[k] - k);
                value += scales[k] * (x[k] - k) * (x[k] - k) / 2;
            }
            return value;
        }, new double[] {9, -7, 5}, 200);
        assertThat(found[0]).isCloseTo(0, within(1e-6));
        assertThat(found[1]).isCloseTo(1, within(1e-6));
        assertThat(found[2]).isCloseTo(2, within(1e-6));
    }

    @Test
    void refusesPenaltiesThatAreNone() {
        List<Double> none = new ArrayList<>();
        assertThatThrownBy(() -> new LogisticProbe(none, 10, ClassWeights.NONE)).isInstanceOf(EngineException.class)
                .hasMessageContaining("expected penalties above 0");
        assertThatThrownBy(() -> new LogisticProbe(List.of(-1.0), 10, ClassWeights.NONE))
                .isInstanceOf(EngineException.class);
    }
}
