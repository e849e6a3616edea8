package dev.osteon.engine.backend.host;

import java.util.Arrays;
import java.util.function.IntFunction;

/**
 * One axis of a linear map of images that treats rows and columns separately: output i of the axis is
 * Σ weights[i][k]·x[first[i] + k]. Averages over windows and all resizing are such maps.
 */
public record AxisWeights(int[] first, double[][] weights) {

    /** The weights of one output: of {@code x[first]} and what follows it. */
    public record Taps(int first, double[] weights) {

        /** Equal weights for {@code from} to before {@code to}. */
        public static Taps mean(int from, int to, int divisor) {
            double[] weights = new double[Math.max(0, to - from)];
            Arrays.fill(weights, 1.0 / divisor);
            return new Taps(from, weights);
        }
    }

    public static AxisWeights of(int outputs, IntFunction<Taps> tapsOf) {
        int[] first = new int[outputs];
        double[][] weights = new double[outputs][];
        for (int i = 0; i < outputs; i++) {
            Taps taps = tapsOf.apply(i);
            first[i] = taps.first();
            weights[i] = taps.weights();
        }
        return new AxisWeights(first, weights);
    }

    /** The transposed map, for an axis of {@code inputs} positions: gathers what this one would scatter. */
    public AxisWeights transposed(int inputs) {
        int[] from = new int[inputs];
        int[] to = new int[inputs];
        Arrays.fill(from, first.length);
        for (int output = 0; output < first.length; output++) {
            for (int k = 0; k < weights[output].length; k++) {
                int input = first[output] + k;
                from[input] = Math.min(from[input], output);
                to[input] = output + 1;
            }
        }
        return of(inputs, input -> {
            double[] back = new double[Math.max(0, to[input] - from[input])];
            for (int i = 0; i < back.length; i++) {
                int k = input - first[from[input] + i];
                double[] forward = weights[from[input] + i];
                back[i] = k >= 0 && k < forward.length ? forward[k] : 0;
            }
            return new Taps(from[input], back);
        });
    }
}
