package dev.osteon.ssl.metrics;

import dev.osteon.engine.EngineException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a score says about a binary label, at a threshold: a sample is called positive when its score is at least the
 * threshold. A quotient with nothing beneath is 0, as in scikit-learn.
 *
 * @param trueNegatives  negatives called negative, and so on
 */
public record BinaryMetrics(long trueNegatives, long falsePositives, long falseNegatives, long truePositives) {

    /**
     * @param labels 0 or 1
     * @param scores higher for more likely positive, not NaN
     */
    public static BinaryMetrics at(double threshold, int[] labels, double[] scores) {
        requirePairs(labels, scores);
        long[] counts = new long[4];
        for (int i = 0; i < labels.length; i++) {
            counts[labels[i] * 2 + (scores[i] >= threshold ? 1 : 0)]++;
        }
        return new BinaryMetrics(counts[0], counts[1], counts[2], counts[3]);
    }

    private static void requirePairs(int[] labels, double[] scores) {
        if (labels.length != scores.length || labels.length == 0) {
            throw new EngineException("metrics: given " + labels.length + " labels and " + scores.length
                    + " scores; expected as many of each, at least one");
        }
        for (int i = 0; i < labels.length; i++) {
            if (labels[i] != 0 && labels[i] != 1 || Double.isNaN(scores[i])) {
                throw new EngineException("metrics: given label " + labels[i] + " with score " + scores[i]
                        + "; expected labels 0 or 1 and scores that are numbers");
            }
        }
    }

    private static double ratio(double part, double whole) {
        return whole == 0 ? 0 : part / whole;
    }

    public long count() {
        return trueNegatives + falsePositives + falseNegatives + truePositives;
    }

    public double accuracy() {
        return ratio(truePositives + trueNegatives, count());
    }

    public double precision() {
        return ratio(truePositives, truePositives + falsePositives);
    }

    /** Sensitivity: the share of positives that are called positive. */
    public double recall() {
        return ratio(truePositives, truePositives + falseNegatives);
    }

    public double specificity() {
        return ratio(trueNegatives, trueNegatives + falsePositives);
    }

    public double balancedAccuracy() {
        return (recall() + specificity()) / 2;
    }

    /** F1 of the positive class. */
    public double f1() {
        return ratio(2.0 * truePositives, 2 * truePositives + falsePositives + falseNegatives);
    }

    private double f1OfNegatives() {
        return ratio(2.0 * trueNegatives, 2 * trueNegatives + falsePositives + falseNegatives);
    }

    public double f1Macro() {
        return (f1() + f1OfNegatives()) / 2;
    }

    /** The classes' F1 weighted by their sizes. */
    public double f1Weighted() {
        long positives = truePositives + falseNegatives;
        return ratio(f1() * positives + f1OfNegatives() * (count() - positives), count());
    }

    /** Over all decisions, which for two exclusive classes is the accuracy. */
    public double f1Micro() {
        return accuracy();
    }

    /**
     * Area under the ROC curve: the probability that a positive scores higher than a negative, ties counted one half
     * (Mann and Whitney 1947).
     *
     * @throws EngineException when only one class is present
     */
    public static double auc(int[] labels, double[] scores) {
        requirePairs(labels, scores);
        Integer[] order = ascending(scores);
        double rankSum = 0;
        long positives = 0;
        for (int i = 0; i < order.length; ) {
            int end = i;
            while (end < order.length && scores[order[end]] == scores[order[i]]) {
                end++;
            }
            double rank = (i + 1 + end) / 2.0;   // the mean rank of the tied group
            for (; i < end; i++) {
                rankSum += labels[order[i]] * rank;
                positives += labels[order[i]];
            }
        }
        long negatives = labels.length - positives;
        if (positives == 0 || negatives == 0) {
            throw new EngineException("auc: given " + positives + " positives and " + negatives
                    + " negatives; expected at least one of each");
        }
        return (rankSum - positives * (positives + 1) / 2.0) / ((double) positives * negatives);
    }

    private static Integer[] ascending(double[] scores) {
        Integer[] order = IntStream.range(0, scores.length).boxed().toArray(Integer[]::new);
        Arrays.sort(order, Comparator.comparingDouble(i -> scores[i]));
        return order;
    }

    /** A point of the ROC curve. */
    public record RocPoint(double threshold, double falsePositiveRate, double truePositiveRate) {}

    /** The ROC curve from (0, 0) to (1, 1), one point for each distinct score. */
    public static List<RocPoint> roc(int[] labels, double[] scores) {
        requirePairs(labels, scores);
        Integer[] order = ascending(scores);
        double positives = Arrays.stream(labels).sum();
        double negatives = labels.length - positives;
        List<RocPoint> points = new ArrayList<>(List.of(new RocPoint(Double.POSITIVE_INFINITY, 0, 0)));
        long tp = 0;
        long fp = 0;
        for (int i = order.length - 1; i >= 0; i--) {
            tp += labels[order[i]];
            fp += 1 - labels[order[i]];
            if (i == 0 || scores[order[i - 1]] != scores[order[i]]) {
                points.add(new RocPoint(scores[order[i]], ratio(fp, negatives), ratio(tp, positives)));
            }
        }
        return points;
    }

    /** Σ (recall step)·precision over descending thresholds, without interpolation. */
    public static double averagePrecision(int[] labels, double[] scores) {
        requirePairs(labels, scores);
        Integer[] order = ascending(scores);
        double positives = Arrays.stream(labels).sum();
        double sum = 0;
        double before = 0;
        long tp = 0;
        for (int i = order.length - 1; i >= 0; i--) {
            tp += labels[order[i]];
            if (i == 0 || scores[order[i - 1]] != scores[order[i]]) {
                double recall = ratio(tp, positives);
                sum += (recall - before) * tp / (order.length - i);
                before = recall;
            }
        }
        return sum;
    }
}
