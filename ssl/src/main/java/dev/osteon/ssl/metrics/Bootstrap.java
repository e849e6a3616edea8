package dev.osteon.ssl.metrics;

import dev.osteon.engine.random.Philox;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Percentile intervals by resampling whole subjects (Efron and Tibshirani 1993, ch. 13; clusters as in Field and Welsh
 * 2007): a subject's bones are not independent, so they are drawn together. Resamples that hold one class only are
 * drawn
 * again.
 *
 * @param resamples number of resamples, 1 or more
 */
public record Bootstrap(int resamples, long seed) {

    private static final int REDRAWS = 1000;

    /** A figure of labels and scores. */
    @FunctionalInterface
    public interface Statistic {
        double of(int[] labels, double[] scores);
    }

    /** The figure over all samples, with the 2.5 and 97.5 % quantiles of it over the resamples. */
    public Interval interval(int[] labels, double[] scores, List<String> subjects, Statistic statistic) {
        return percentiles(statistic.of(labels, scores), resampled(labels, scores, subjects, statistic));
    }

    /** The figure over each resample. */
    public double[] resampled(int[] labels, double[] scores, List<String> subjects, Statistic statistic) {
        List<List<Integer>> clusters = clusters(subjects);
        Philox random = Philox.of(seed).fork("bootstrap");
        double[] values = new double[resamples];
        for (int r = 0; r < resamples; r++) {
            int[] rows = resample(clusters, labels, random.fork(r));
            values[r] = statistic.of(pick(labels, rows), pick(scores, rows));
        }
        return values;
    }

    /** A figure with the 2.5 and 97.5 % quantiles of its resamples. */
    public static Interval percentiles(double value, double[] resampled) {
        double[] sorted = resampled.clone();
        Arrays.sort(sorted);
        return new Interval(value, quantile(sorted, 0.025), quantile(sorted, 0.975));
    }

    private static List<List<Integer>> clusters(List<String> subjects) {
        Map<String, List<Integer>> bySubject = new LinkedHashMap<>();
        for (int i = 0; i < subjects.size(); i++) {
            bySubject.computeIfAbsent(subjects.get(i), s -> new ArrayList<>()).add(i);
        }
        return List.copyOf(bySubject.values());
    }

    private static int[] resample(List<List<Integer>> clusters, int[] labels, Philox random) {
        int[] rows = {};
        for (int redraw = 0; redraw < REDRAWS; redraw++) {
            rows = IntStream.range(0, clusters.size()).mapToObj(i -> clusters.get(random.nextInt(clusters.size())))
                    .flatMapToInt(cluster -> cluster.stream().mapToInt(Integer::intValue)).toArray();
            long positives = Arrays.stream(rows).filter(i -> labels[i] == 1).count();
            if (positives > 0 && positives < rows.length) {
                return rows;
            }
        }
        return IntStream.range(0, labels.length).toArray();   // one class hardly ever drawn: the sample itself
    }

    private static int[] pick(int[] from, int[] rows) {
        return Arrays.stream(rows).map(i -> from[i]).toArray();
    }

    private static double[] pick(double[] from, int[] rows) {
        return Arrays.stream(rows).mapToDouble(i -> from[i]).toArray();
    }

    /** Linear interpolation between order statistics. */
    private static double quantile(double[] sorted, double level) {
        double at = level * (sorted.length - 1);
        int below = (int) Math.floor(at);
        int above = Math.min(sorted.length - 1, below + 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }
}
