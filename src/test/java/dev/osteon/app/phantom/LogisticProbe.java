package dev.osteon.app.phantom;

import java.util.List;
import org.apache.commons.math3.stat.ranking.NaturalRanking;

/** Ridge-penalised logistic regression with subject-wise cross-validation, small enough for a test. */
final class LogisticProbe {
    private static final int FOLDS = 5;
    private static final int STEPS = 400;
    private static final double RIDGE = 1e-2;

    private LogisticProbe() {
    }

    /**
     * AUC of held-out subjects, each scored by the mean logit of its segments.
     *
     * @param segments segments[s]: the feature vectors of subject s
     */
    static double auc(List<List<double[]>> segments, boolean[] positive) {
        double[] score = new double[positive.length];
        for (int fold = 0; fold < FOLDS; fold++) {
            Model model = fit(segments, positive, fold);
            for (int s = fold; s < score.length; s += FOLDS) {
                score[s] = segments.get(s).stream().mapToDouble(model::logit).average().orElseThrow();
            }
        }
        return auc(score, positive);
    }

    /** Mann-Whitney: the chance that a positive scores higher than a negative, ties one half. */
    static double auc(double[] score, boolean[] positive) {
        double[] rank = new NaturalRanking().rank(score);
        double sum = 0;
        double n = 0;
        for (int i = 0; i < rank.length; i++) {
            sum += positive[i] ? rank[i] : 0;
            n += positive[i] ? 1 : 0;
        }
        return (sum - n * (n + 1) / 2) / (n * (rank.length - n));
    }

    private record Model(double[] mean, double[] scale, double[] weight) {
        double logit(double[] x) {
            double z = weight[x.length];
            for (int j = 0; j < x.length; j++) {
                z += weight[j] * (x[j] - mean[j]) / scale[j];
            }
            return z;
        }
    }

    private static Model fit(List<List<double[]>> segments, boolean[] positive, int heldOut) {
        int width = segments.getFirst().getFirst().length;
        double[] mean = new double[width];
        double[] scale = new double[width];
        int n = 0;
        for (int s = 0; s < positive.length; s++) {
            if (s % FOLDS != heldOut) {
                for (double[] x : segments.get(s)) {
                    n++;
                    for (int j = 0; j < width; j++) {
                        mean[j] += x[j];
                        scale[j] += x[j] * x[j];
                    }
                }
            }
        }
        for (int j = 0; j < width; j++) {
            mean[j] /= n;
            scale[j] = Math.sqrt(Math.max(1e-12, scale[j] / n - mean[j] * mean[j]));
        }
        Model model = new Model(mean, scale, new double[width + 1]);
        for (int step = 0; step < STEPS; step++) {
            double[] gradient = new double[width + 1];
            for (int s = 0; s < positive.length; s++) {
                if (s % FOLDS != heldOut) {
                    for (double[] x : segments.get(s)) {
                        double error = 1 / (1 + Math.exp(-model.logit(x))) - (positive[s] ? 1 : 0);
                        for (int j = 0; j < width; j++) {
                            gradient[j] += error * (x[j] - mean[j]) / scale[j];
                        }
                        gradient[width] += error;
                    }
                }
            }
            for (int j = 0; j <= width; j++) {
                model.weight[j] -= 0.3 * (gradient[j] / n + (j < width ? RIDGE * model.weight[j] : 0));
            }
        }
        return model;
    }
}
