package dev.osteon.ssl.train;

import dev.osteon.engine.EngineException;
import dev.osteon.ssl.metrics.Splits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The linear layer as logistic regression, brought to its optimum by L-BFGS for each of several L2 penalties, of which
 * the one with the best AUC on the validation samples counts (the protocol of Radford et al. 2021, "Learning
 * Transferable Visual Models From Natural Language Supervision", section 3.2, and of most small data sets). A convex
 * problem solved to the end leaves no learning rate to choose and no luck of the last batches: features of a network
 * are far from independent, and SGD for some hundred epochs does not reach the directions of small variance.
 *
 * @param penalties λ of mean cross-entropy + λ/2·‖w‖² over standardised features; the bias is free
 * @param steps     most steps of L-BFGS for each
 * @param classes   of the cross-entropy
 */
public record LogisticProbe(List<Double> penalties, int steps, ClassWeights classes) implements LinearProbe {

    /** Samples whose sums are taken together, on one thread: the same sums whatever the number of threads. */
    private static final int CHUNK = 256;

    public LogisticProbe {
        if (penalties.isEmpty() || penalties.stream().anyMatch(p -> !(p > 0)) || steps < 1) {
            throw new EngineException("probe: given penalties " + penalties + " and " + steps
                    + " steps; expected penalties above 0 and 1 or more steps");
        }
        penalties = penalties.stream().sorted(java.util.Comparator.reverseOrder()).toList();
    }

    /** A factor of ten between penalties, from 1 to 10⁻⁶. */
    public static LogisticProbe overPenalties(int steps, ClassWeights classes) {
        return new LogisticProbe(IntStream.rangeClosed(0, 6).mapToObj(i -> Math.pow(10, -i)).toList(), steps, classes);
    }

    @Override
    public Fit fit(Features features, int[] labels, Splits split) {
        int[] train = split.train().stream().mapToInt(Integer::intValue).toArray();
        Features scaled = features.standardised(train);
        Examples examples = new Examples(scaled, labels, train, classes.of(labels, train));
        double[] solution = new double[scaled.width() + 1];          // weights, then the bias; strong to weak penalty
        List<Point> curve = new ArrayList<>();
        Fit best = null;
        for (int i = 0; i < penalties.size(); i++) {
            double penalty = penalties.get(i);
            solution = Lbfgs.minimize((w, gradient) -> examples.objective(penalty, w, gradient),
                    solution, steps);
            double[] scores = scores(scaled, solution);
            Point point = Point.of(Math.log10(penalty), scores, labels, split);
            curve.add(point);
            if (best == null || point.validationAuc() > curve.get(best.chosen()).validationAuc()) {
                best = new Fit(scores, i, "log₁₀ penalty", curve, Arrays.copyOf(solution, solution.length - 1),
                        solution[solution.length - 1]);
            }
        }
        return best;
    }

    private static double[] scores(Features features, double[] w) {
        return Arrays.stream(features.rows()).mapToDouble(row -> sigmoid(logit(row, w))).toArray();
    }

    private static double logit(float[] row, double[] w) {
        double z = w[row.length];
        for (int k = 0; k < row.length; k++) {
            z += w[k] * row[k];
        }
        return z;
    }

    private static double sigmoid(double z) {
        return z >= 0 ? 1 / (1 + Math.exp(-z)) : Math.exp(z) / (1 + Math.exp(z));
    }

    /** What is learned from. */
    private record Examples(Features features, int[] labels, int[] train, ClassWeights.Pair weights) {

        /** Weighted mean of ln(1 + e^z) − y·z, plus the penalty; its gradient goes to {@code gradient}. */
        double objective(double penalty, double[] w, double[] gradient) {
            int chunks = (train.length + CHUNK - 1) / CHUNK;
            double[][] partial = IntStream.range(0, chunks).parallel().mapToObj(c -> chunk(c, w))
                    .toArray(double[][]::new);
            Arrays.fill(gradient, 0);
            double loss = 0;
            for (double[] sums : partial) {
                for (int k = 0; k < w.length; k++) {
                    gradient[k] += sums[k] / train.length;         // the weights' mean over the samples is 1
                }
                loss += sums[w.length] / train.length;
            }
            for (int k = 0; k < w.length - 1; k++) {
                loss += penalty / 2 * w[k] * w[k];
                gradient[k] += penalty * w[k];
            }
            return loss;
        }

        /** Sums over one chunk of samples: the gradient's, then the loss's. */
        private double[] chunk(int chunk, double[] w) {
            double[] sums = new double[w.length + 1];
            for (int i = chunk * CHUNK; i < Math.min(train.length, (chunk + 1) * CHUNK); i++) {
                float[] row = features.rows()[train[i]];
                double z = logit(row, w);
                int y = labels[train[i]];
                double weight = weights.of(y);
                double residual = weight * (sigmoid(z) - y);
                for (int k = 0; k < row.length; k++) {
                    sums[k] += residual * row[k];
                }
                sums[row.length] += residual;
                sums[w.length] += weight * (Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z))) - y * z);
            }
            return sums;
        }
    }
}
