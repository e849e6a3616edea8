package dev.osteon.ssl.train;

import dev.osteon.engine.EngineException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Weighted nearest neighbours (Wu et al. 2018, "Unsupervised Feature Learning via Non-Parametric Instance
 * Discrimination", section 3.4): a sample's score is the share of the positives among its k nearest training samples by
 * cosine, each weighted by exp(cosine / temperature). Nothing is trained: what it finds is in the features.
 *
 * @param neighbours  k, 1 or more; all training samples where there are fewer
 * @param temperature 0.07 in the paper
 */
public record KnnClassifier(int neighbours, double temperature) {

    public KnnClassifier {
        if (neighbours < 1 || !(temperature > 0)) {
            throw new EngineException("kNN: given " + neighbours + " neighbours at temperature " + temperature
                    + "; expected 1 or more, and a temperature above 0");
        }
    }

    /**
     * Scores of some samples.
     *
     * @param labels 0 or 1, one for each row of the features
     * @param train  rows to choose neighbours from
     * @param asked  rows to score
     */
    public double[] scores(Features features, int[] labels, List<Integer> train, List<Integer> asked) {
        float[][] unit = Arrays.stream(features.rows()).map(KnnClassifier::unit).toArray(float[][]::new);
        return asked.stream().parallel().mapToDouble(n -> score(unit, labels, train, n)).toArray();
    }

    private double score(float[][] unit, int[] labels, List<Integer> train, int asked) {
        double[] cosine = train.stream().mapToDouble(t -> dot(unit[t], unit[asked])).toArray();
        int[] nearest = IntStream.range(0, cosine.length).boxed()
                .sorted(Comparator.<Integer>comparingDouble(i -> -cosine[i]).thenComparing(i -> i)).limit(neighbours)
                .mapToInt(Integer::intValue).toArray();
        double positive = 0;
        double all = 0;
        for (int i : nearest) {
            double weight = Math.exp((cosine[i] - 1) / temperature);          // − 1: no overflow at any temperature
            all += weight;
            positive += labels[train.get(i)] * weight;
        }
        return all == 0 ? 0.5 : positive / all;
    }

    private static float[] unit(float[] row) {
        double norm = Math.sqrt(dot(row, row));
        float[] unit = row.clone();
        for (int k = 0; k < unit.length; k++) {
            unit[k] = norm == 0 ? 0 : (float) (unit[k] / norm);
        }
        return unit;
    }

    private static double dot(float[] a, float[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += (double) a[k] * b[k];
        }
        return sum;
    }
}
