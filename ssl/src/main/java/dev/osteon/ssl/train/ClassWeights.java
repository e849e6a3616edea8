package dev.osteon.ssl.train;

import java.util.Arrays;

/** How much a sample counts in a classifier's loss, by its class. */
public enum ClassWeights {
    /** All alike, as in the paper. */
    NONE,
    /** Samples / (2 · samples of the class), so that both classes count alike (King and Zeng 2001; scikit-learn). */
    BALANCED;

    /** Weights of a sample of class 0 and of class 1. */
    public record Pair(double negative, double positive) {

        public double of(int label) {
            return label == 1 ? positive : negative;
        }
    }

    /**
     * The weights on the samples {@code rows}; without samples of one of the classes there is nothing to balance.
     *
     * @param labels 0 or 1
     */
    public Pair of(int[] labels, int[] rows) {
        double positives = Arrays.stream(rows).filter(n -> labels[n] == 1).count();
        double negatives = rows.length - positives;
        return this == NONE || positives == 0 || negatives == 0 ? new Pair(1, 1)
                : new Pair(rows.length / (2 * negatives), rows.length / (2 * positives));
    }
}
