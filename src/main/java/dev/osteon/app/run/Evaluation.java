package dev.osteon.app.run;

import dev.osteon.app.config.RunConfig;
import dev.osteon.ssl.metrics.BinaryMetrics;
import dev.osteon.ssl.metrics.Bootstrap;
import dev.osteon.ssl.metrics.Interval;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Scores of some samples with what is true of them, and the figures that follow. */
public record Evaluation(int[] labels, double[] scores, List<String> subjects) {

    /** The samples {@code rows} of a whole data set. */
    public static Evaluation of(List<Integer> rows, int[] labels, double[] scores, List<String> subjects) {
        return new Evaluation(rows.stream().mapToInt(i -> labels[i]).toArray(),
                rows.stream().mapToDouble(i -> scores[i]).toArray(), rows.stream().map(subjects::get).toList());
    }

    /** One row a subject: the mean score of its bones; positive if any of them is labelled so. */
    public Evaluation bySubject() {
        Map<String, List<Integer>> rows = new LinkedHashMap<>();
        for (int i = 0; i < labels.length; i++) {
            rows.computeIfAbsent(subjects.get(i), s -> new ArrayList<>()).add(i);
        }
        int[] l = new int[rows.size()];
        double[] s = new double[rows.size()];
        int at = 0;
        for (List<Integer> of : rows.values()) {
            l[at] = of.stream().mapToInt(i -> labels[i]).max().orElse(0);
            s[at++] = of.stream().mapToDouble(i -> scores[i]).average().orElse(0);
        }
        return new Evaluation(l, s, List.copyOf(rows.keySet()));
    }

    /** One half, or the score with the best F1 among these samples; of equals the lowest. */
    public double threshold(RunConfig.Evaluation.Threshold rule) {
        if (rule == RunConfig.Evaluation.Threshold.HALF) {
            return 0.5;
        }
        double best = 0.5;
        double most = -1;
        for (double candidate : Arrays.stream(scores).sorted().distinct().toArray()) {
            double f1 = BinaryMetrics.at(candidate, labels, scores).f1();
            if (f1 > most) {
                most = f1;
                best = candidate;
            }
        }
        return best;
    }

    /** AUC, F1, accuracy, sensitivity and specificity, each with its interval. */
    public Map<String, Interval> figures(double threshold, Bootstrap bootstrap) {
        Map<String, Bootstrap.Statistic> statistics = new LinkedHashMap<>();
        statistics.put("auc", BinaryMetrics::auc);
        statistics.put("f1", (l, s) -> BinaryMetrics.at(threshold, l, s).f1());
        statistics.put("accuracy", (l, s) -> BinaryMetrics.at(threshold, l, s).accuracy());
        statistics.put("sensitivity", (l, s) -> BinaryMetrics.at(threshold, l, s).recall());
        statistics.put("specificity", (l, s) -> BinaryMetrics.at(threshold, l, s).specificity());
        Map<String, Interval> figures = new LinkedHashMap<>();
        statistics.forEach((name, statistic) ->
                figures.put(name, bootstrap.interval(labels, scores, subjects, statistic)));
        return figures;
    }
}
