package dev.osteon.bench.loss;

import dev.osteon.engine.random.Philox;

/** The same numbers for every implementation. */
public final class Inputs {

    private Inputs() {}

    /**
     * Embeddings of a view [n, d], standard normal, row-major.
     *
     * @param view from 0; two views of a sample have half of their variance in common
     */
    public static float[] view(int view, int n, int d) {
        float[] common = normal(1, n * d, Math.sqrt(0.5));
        float[] own = normal(2 + view, n * d, Math.sqrt(0.5));
        for (int i = 0; i < own.length; i++) {
            own[i] += common[i];
        }
        return own;
    }

    /** Normal numbers of a standard deviation. */
    public static float[] normal(long seed, int count, double deviation) {
        Philox random = Philox.of(seed);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return values;
    }

    /** Class numbers of n samples. */
    public static int[] labels(int n) {
        return java.util.stream.IntStream.range(0, n).map(i -> i * 7 / 3 % LossSuite.CLASSES).toArray();
    }

    /** Rows of length 1, as SwAV's prototypes are. */
    public static float[] unitRows(long seed, int n, int d) {
        float[] rows = normal(seed, n * d, 1);
        for (int i = 0; i < n; i++) {
            double squares = 0;
            for (int k = 0; k < d; k++) {
                squares += rows[i * d + k] * rows[i * d + k];
            }
            for (int k = 0; k < d; k++) {
                rows[i * d + k] /= (float) Math.sqrt(squares);
            }
        }
        return rows;
    }

    /** Cosines [n, k], as unlike as those of random directions in {@link LossSuite#DIM} dimensions are not: ±0.9. */
    public static float[] scores(int n, int k) {
        float[] scores = normal(7, n * k, 0.25);
        for (int i = 0; i < scores.length; i++) {
            scores[i] = Math.clamp(scores[i], -0.9f, 0.9f);
        }
        return scores;
    }
}
