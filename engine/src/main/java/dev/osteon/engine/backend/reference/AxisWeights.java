package dev.osteon.engine.backend.reference;

import dev.osteon.engine.tensor.Tensor;
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
        static Taps mean(int from, int to, int divisor) {
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

    /** y = the map of x: images [N, C, H, W] whose outputs' rows and columns are weighted as given. */
    static void apply(Tensor x, Tensor y, AxisWeights rows, AxisWeights columns) {
        double[] source = Elements.doubles(x);
        double[] result = new double[Elements.count(y)];
        int width = x.dim(3);
        for (int at = 0; at < result.length; at++) {
            int row = at / y.dim(3) % y.dim(2);
            int column = at % y.dim(3);
            int plane = at / (y.dim(3) * y.dim(2)) * x.dim(2) * width;
            double sum = 0;
            for (int i = 0; i < rows.weights[row].length; i++) {
                int start = plane + (rows.first[row] + i) * width + columns.first[column];
                for (int j = 0; j < columns.weights[column].length; j++) {
                    sum += rows.weights[row][i] * columns.weights[column][j] * source[start + j];
                }
            }
            result[at] = sum;
        }
        Elements.write(y, result);
    }

    /** dx = the transposed map of dy: each output's gradient goes back to where its value came from. */
    static void transpose(Tensor dy, Tensor dx, AxisWeights rows, AxisWeights columns) {
        double[] gradient = Elements.doubles(dy);
        double[] result = new double[Elements.count(dx)];
        int width = dx.dim(3);
        for (int at = 0; at < gradient.length; at++) {
            int row = at / dy.dim(3) % dy.dim(2);
            int column = at % dy.dim(3);
            int plane = at / (dy.dim(3) * dy.dim(2)) * dx.dim(2) * width;
            for (int i = 0; i < rows.weights[row].length; i++) {
                int start = plane + (rows.first[row] + i) * width + columns.first[column];
                for (int j = 0; j < columns.weights[column].length; j++) {
                    result[start + j] += rows.weights[row][i] * columns.weights[column][j] * gradient[at];
                }
            }
        }
        Elements.write(dx, result);
    }
}
