package dev.osteon.engine.backend.reference;

import dev.osteon.engine.op.PairwiseCrossEntropy;
import dev.osteon.engine.op.PairwiseCrossEntropyBackward;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Each row against all others. */
final class PairwiseKernels {

    private PairwiseKernels() {}

    static void crossEntropy(PairwiseCrossEntropy op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] x = Elements.doubles(inputs.getFirst());
        double[] p = Elements.doubles(inputs.get(1));
        int n = inputs.getFirst().dim(-2);
        int d = inputs.getFirst().dim(-1);
        int rows = PairwiseCrossEntropy.groups(inputs.getFirst().shape()) * n;
        double[] y = new double[rows];
        double[] logs = new double[rows];
        double[] s = new double[n];
        for (int i = 0; i < rows; i++) {
            int first = i / n * n;
            double top = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < n; j++) {
                s[j] = i == first + j ? Double.NEGATIVE_INFINITY : op.scale() * dot(x, i, x, first + j, d);
                top = Math.max(top, s[j]);
            }
            double sum = 0;
            for (int j = 0; j < n; j++) {
                sum += Math.exp(s[j] - top);
            }
            logs[i] = top + Math.log(sum);
            y[i] = logs[i] - op.scale() * dot(x, i, p, i, d);
        }
        Elements.write(outputs.get(0), y);
        Elements.write(outputs.get(1), logs);
    }

    static void crossEntropyBackward(PairwiseCrossEntropyBackward op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] x = Elements.doubles(inputs.get(0));
        double[] p = Elements.doubles(inputs.get(1));
        double[] logs = Elements.doubles(inputs.get(2));
        double[] dy = Elements.doubles(inputs.get(3));
        int n = inputs.get(0).dim(-2);
        int d = inputs.get(0).dim(-1);
        double[] dx = new double[x.length];
        double[] dp = new double[x.length];
        for (int i = 0; i < dy.length; i++) {
            int first = i / n * n;
            for (int j = first; j < first + n; j++) {
                double s = op.scale() * dot(x, i, x, j, d);
                double weight = i == j ? 0 : dy[i] * Math.exp(s - logs[i]) + dy[j] * Math.exp(s - logs[j]);
                for (int k = 0; k < d; k++) {
                    dx[i * d + k] += op.scale() * weight * x[j * d + k];
                }
            }
            for (int k = 0; k < d; k++) {
                dx[i * d + k] -= op.scale() * dy[i] * p[i * d + k];
                dp[i * d + k] = -op.scale() * dy[i] * x[i * d + k];
            }
        }
        Elements.write(outputs.get(0), dx);
        Elements.write(outputs.get(1), dp);
    }

    private static double dot(double[] a, int i, double[] b, int j, int d) {
        double sum = 0;
        for (int k = 0; k < d; k++) {
            sum += a[i * d + k] * b[j * d + k];
        }
        return sum;
    }
}
