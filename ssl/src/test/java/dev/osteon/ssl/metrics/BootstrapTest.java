package dev.osteon.ssl.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.random.Philox;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BootstrapTest {

    private static final int N = 200;
    private static final int[] LABELS = IntStream.range(0, N).map(i -> i % 2).toArray();
    private static final double[] NOISE = noise();

    private static double[] noise() {
        Philox random = Philox.of(4);
        return IntStream.range(0, N).mapToDouble(i -> random.nextGaussian() + LABELS[i]).toArray();
    }

    private static List<String> subjects(int perSubject) {
        return IntStream.range(0, N).mapToObj(i -> "s" + i / perSubject).toList();
    }

    @Test
    void theIntervalHoldsTheFigureAndRepeats() {
        Bootstrap bootstrap = new Bootstrap(300, 7);
        Interval auc = bootstrap.interval(LABELS, NOISE, subjects(1), BinaryMetrics::auc);
        assertThat(auc.low()).isLessThan(auc.value());
        assertThat(auc.high()).isGreaterThan(auc.value());
        assertThat(auc.high() - auc.low()).isBetween(0.05, 0.25);
        assertThat(bootstrap.interval(LABELS, NOISE, subjects(1), BinaryMetrics::auc)).isEqualTo(auc);
    }

    @Test
    void copiesOfSamplesDoNotNarrowAnIntervalBySubject() {
        int[] labels = IntStream.range(0, N).map(i -> LABELS[i / 4]).toArray();
        double[] scores = IntStream.range(0, N).mapToDouble(i -> NOISE[i / 4]).toArray();
        Bootstrap bootstrap = new Bootstrap(300, 7);
        Interval byRow = bootstrap.interval(labels, scores, subjects(1), BinaryMetrics::auc);
        Interval bySubject = bootstrap.interval(labels, scores, subjects(4), BinaryMetrics::auc);
        assertThat(bySubject.high() - bySubject.low()).isGreaterThan(1.4 * (byRow.high() - byRow.low()));
    }

    @Test
    void splitsKeepSubjectsTogetherAndClassesInEveryPart() {
        int[] labels = IntStream.range(0, N).map(i -> i / 4 % 3 == 0 ? 1 : 0).toArray();
        List<String> subjects = subjects(4);
        Splits splits = Splits.stratified(labels, subjects, 3);
        Set<Integer> all = new HashSet<>(splits.train());
        all.addAll(splits.validation());
        all.addAll(splits.test());
        assertThat(all).hasSize(N);
        assertThat(splits.train().size() + splits.validation().size() + splits.test().size()).isEqualTo(N);
        Set<String> trained = new HashSet<>(splits.train().stream().map(subjects::get).toList());
        assertThat(splits.test()).noneMatch(i -> trained.contains(subjects.get(i)));
        assertThat(splits.validation()).noneMatch(i -> trained.contains(subjects.get(i)));
        for (List<Integer> part : List.of(splits.train(), splits.validation(), splits.test())) {
            assertThat(part.stream().mapToInt(i -> labels[i]).distinct().count()).isEqualTo(2);
        }
        assertThat(splits.test().size()).isBetween(16, 24);
        assertThat(Splits.stratified(labels, subjects, 3)).isEqualTo(splits);
        assertThat(Splits.stratified(labels, subjects, 4)).isNotEqualTo(splits);
    }

    @Test
    void tooFewSubjectsAreNamed() {
        assertThatThrownBy(() -> Splits.stratified(new int[] {0, 0, 0, 1}, List.of("a", "b", "c", "d"), 1))
                .isInstanceOf(EngineException.class).hasMessageContaining("class 1");
        assertThatThrownBy(() -> BinaryMetrics.auc(new int[] {1, 1}, new double[] {0, 1}))
                .isInstanceOf(EngineException.class).hasMessageContaining("negatives");
    }
}
