package dev.osteon.ssl.train;

import dev.osteon.ssl.metrics.BinaryMetrics;
import dev.osteon.ssl.metrics.Splits;
import java.util.List;

/** A linear layer on frozen features, and what is chosen on the validation samples. */
public sealed interface LinearProbe permits LogisticProbe, SgdProbe {

    /**
     * Trains on the split's training samples.
     *
     * @param labels 0 or 1, one for each row of the features
     */
    Fit fit(Features features, int[] labels, Splits split);

    /**
     * The figures of one candidate, among which the validation samples choose.
     *
     * @param at an epoch's number from 1, or the logarithm to base 10 of a penalty
     */
    record Point(double at, double trainLoss, double trainAuc, double validationLoss, double validationAuc) {

        static Point of(double at, double[] scores, int[] labels, Splits split) {
            return new Point(at, loss(scores, labels, split.train()), auc(scores, labels, split.train()),
                    loss(scores, labels, split.validation()), auc(scores, labels, split.validation()));
        }

        private static double loss(double[] scores, int[] labels, List<Integer> rows) {
            return rows.stream()
                    .mapToDouble(i -> -Math.log(Math.max(1e-12, labels[i] == 1 ? scores[i] : 1 - scores[i])))
                    .average().orElse(Double.NaN);
        }

        private static double auc(double[] scores, int[] labels, List<Integer> rows) {
            return BinaryMetrics.auc(rows.stream().mapToInt(i -> labels[i]).toArray(),
                    rows.stream().mapToDouble(i -> scores[i]).toArray());
        }
    }

    /**
     * A trained probe.
     *
     * @param scores probability of class 1 for every sample, by the chosen candidate
     * @param chosen its place in the curve
     * @param axis   what the candidates differ in, for people
     * @param weight [D] on standardised features: the logit of class 1 is weight·x + bias
     */
    record Fit(double[] scores, int chosen, String axis, List<Point> curve, double[] weight, double bias) {}
}
