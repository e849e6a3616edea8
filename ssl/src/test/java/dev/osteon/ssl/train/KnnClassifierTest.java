package dev.osteon.ssl.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.EngineException;
import java.util.List;
import org.junit.jupiter.api.Test;

class KnnClassifierTest {

    private static final Features FEATURES = new Features(new float[][] {{1, 0}, {0, 2}, {3, 0}, {3, 4}, {0, 0}});
    private static final int[] LABELS = {1, 0, 1, 0, 1};

    @Test
    void neighboursCountByTheirCosine() {
        // cosines of (3, 4) with the training rows: 0.6, 0.8, 0.6
        double[] scores = new KnnClassifier(3, 0.5).scores(FEATURES, LABELS, List.of(0, 1, 2), List.of(3));
        double far = 2 * Math.exp(0.6 / 0.5);
        assertThat(scores).hasSize(1);
        assertThat(scores[0]).isCloseTo(far / (far + Math.exp(0.8 / 0.5)), within(1e-6));
    }

    @Test
    void onlyTheNearestCountAndMoreThanThereAreIsAllOfThem() {
        assertThat(new KnnClassifier(1, 0.07).scores(FEATURES, LABELS, List.of(0, 1, 2), List.of(3)))
                .containsExactly(0);
        assertThat(new KnnClassifier(9, 0.07).scores(FEATURES, LABELS, List.of(0, 2), List.of(3))).containsExactly(1);
    }

    @Test
    void aRowOfZerosIsLikeNoneMoreThanOthers() {
        double[] scores = new KnnClassifier(3, 0.07).scores(FEATURES, LABELS, List.of(0, 1, 2), List.of(4));
        assertThat(scores[0]).isCloseTo(2.0 / 3, within(1e-9));
    }

    @Test
    void nonsenseIsRefused() {
        assertThatThrownBy(() -> new KnnClassifier(0, 0.07)).isInstanceOf(EngineException.class);
        assertThatThrownBy(() -> new KnnClassifier(5, 0)).isInstanceOf(EngineException.class);
    }
}
