package dev.osteon.engine.backend.reference;

import dev.osteon.engine.backend.host.AxisWeights;
import dev.osteon.engine.tensor.Tensor;

/** Linear maps of images that treat rows and columns separately, applied. */
final class AxisMap {

    private AxisMap() {}

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
            for (int i = 0; i < rows.weights()[row].length; i++) {
                int start = plane + (rows.first()[row] + i) * width + columns.first()[column];
                for (int j = 0; j < columns.weights()[column].length; j++) {
                    sum += rows.weights()[row][i] * columns.weights()[column][j] * source[start + j];
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
            for (int i = 0; i < rows.weights()[row].length; i++) {
                int start = plane + (rows.first()[row] + i) * width + columns.first()[column];
                for (int j = 0; j < columns.weights()[column].length; j++) {
                    result[start + j] += rows.weights()[row][i] * columns.weights()[column][j] * gradient[at];
                }
            }
        }
        Elements.write(dx, result);
    }
}
