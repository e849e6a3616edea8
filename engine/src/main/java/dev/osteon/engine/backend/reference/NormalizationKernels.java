package dev.osteon.engine.backend.reference;

import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.BatchNormBackward;
import dev.osteon.engine.op.BatchNormEval;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.L2Normalize;
import dev.osteon.engine.op.L2NormalizeBackward;
import dev.osteon.engine.op.LayerNorm;
import dev.osteon.engine.op.LayerNormBackward;
import dev.osteon.engine.op.RunningStatistics;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Batch, layer and length normalisation; statistics in two passes, mean first. */
final class NormalizationKernels {

    private NormalizationKernels() {}

    static void batchNormTrain(BatchNormTrain op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] x = Elements.doubles(inputs.getFirst());
        Axis channels = Axis.of(inputs.getFirst().shape(), 1);
        double[] mean = new double[channels.size()];
        double[] variance = new double[channels.size()];
        int n = channels.rows();
        for (int c = 0; c < channels.size(); c++) {
            for (int row = 0; row < n; row++) {
                mean[c] += x[channels.inRow(row, c)] / n;
            }
            for (int row = 0; row < n; row++) {
                double centred = x[channels.inRow(row, c)] - mean[c];
                variance[c] += centred * centred / n;
            }
        }
        batchNorm(op.eps(), op.activation(), inputs, mean, variance, inputs.subList(3, inputs.size()), outputs.get(0));
        Elements.write(outputs.get(1), mean);
        Elements.write(outputs.get(2), variance);
    }

    static void runningStatistics(RunningStatistics op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] mean = Elements.doubles(inputs.get(0));
        double[] variance = Elements.doubles(inputs.get(1));
        double[] batchMean = Elements.doubles(inputs.get(2));
        double[] batchVariance = Elements.doubles(inputs.get(3));
        for (int c = 0; c < mean.length; c++) {
            mean[c] = (1 - op.momentum()) * mean[c] + op.momentum() * batchMean[c];
            variance[c] = (1 - op.momentum()) * variance[c] + op.varianceShare() * batchVariance[c];
        }
        Elements.write(inputs.get(0), mean);
        Elements.write(inputs.get(1), variance);
    }

    static void batchNormEval(BatchNormEval op, List<Tensor> inputs, List<Tensor> outputs) {
        batchNorm(op.eps(), op.activation(), inputs, Elements.doubles(inputs.get(3)), Elements.doubles(inputs.get(4)),
                inputs.subList(5, inputs.size()), outputs.getFirst());
    }

    private static void batchNorm(double eps, Activation activation, List<Tensor> inputs, double[] mean,
            double[] variance, List<Tensor> residual, Tensor result) {
        double[] y = Elements.doubles(inputs.get(0));
        double[] gamma = Elements.doubles(inputs.get(1));
        double[] beta = Elements.doubles(inputs.get(2));
        double[] added = residual.isEmpty() ? new double[y.length] : Elements.doubles(residual.getFirst());
        Axis channels = Axis.of(result.shape(), 1);
        for (int i = 0; i < y.length; i++) {
            int c = i / channels.inner() % channels.size();
            double normalised = (y[i] - mean[c]) / Math.sqrt(variance[c] + eps);
            double sum = gamma[c] * normalised + beta[c] + added[i];
            y[i] = activation == Activation.RELU ? Math.max(sum, 0) : sum;
        }
        Elements.write(result, y);
    }

    static void batchNormBackward(BatchNormBackward op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] g = Elements.doubles(inputs.get(0));
        double[] x = Elements.doubles(inputs.get(1));
        double[] gamma = Elements.doubles(inputs.get(2));
        double[] mean = Elements.doubles(inputs.get(3));
        double[] variance = Elements.doubles(inputs.get(4));
        if (op.activation() == Activation.RELU) {
            double[] y = Elements.doubles(inputs.get(5));
            for (int i = 0; i < g.length; i++) {
                g[i] = y[i] > 0 ? g[i] : 0;
            }
        }
        Axis channels = Axis.of(inputs.get(1).shape(), 1);
        int n = channels.rows();
        double[] dx = new double[x.length];
        double[] dgamma = new double[gamma.length];
        double[] dbeta = new double[gamma.length];
        for (int c = 0; c < gamma.length; c++) {
            double inverse = 1 / Math.sqrt(variance[c] + op.eps());
            for (int row = 0; row < n; row++) {
                int at = channels.inRow(row, c);
                dbeta[c] += g[at];
                dgamma[c] += g[at] * (x[at] - mean[c]) * inverse;
            }
            for (int row = 0; row < n; row++) {
                int at = channels.inRow(row, c);
                double normalised = (x[at] - mean[c]) * inverse;
                dx[at] = gamma[c] * inverse * (g[at] - dbeta[c] / n - normalised * dgamma[c] / n);
            }
        }
        Elements.write(outputs.get(0), dx);
        Elements.write(outputs.get(1), dgamma);
        Elements.write(outputs.get(2), dbeta);
        if (outputs.size() == 4) {
            Elements.write(outputs.get(3), g);
        }
    }

    static void layerNorm(LayerNorm op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] x = Elements.doubles(inputs.get(0));
        double[] gamma = Elements.doubles(inputs.get(1));
        double[] beta = Elements.doubles(inputs.get(2));
        int n = gamma.length;
        double[] y = new double[x.length];
        double[] mean = new double[Elements.count(outputs.get(1))];
        double[] inverse = new double[mean.length];
        for (int row = 0; row < mean.length; row++) {
            double variance = 0;
            for (int i = 0; i < n; i++) {
                mean[row] += x[row * n + i] / n;
            }
            for (int i = 0; i < n; i++) {
                double centred = x[row * n + i] - mean[row];
                variance += centred * centred / n;
            }
            inverse[row] = 1 / Math.sqrt(variance + op.eps());
            for (int i = 0; i < n; i++) {
                y[row * n + i] = gamma[i] * (x[row * n + i] - mean[row]) * inverse[row] + beta[i];
            }
        }
        Elements.write(outputs.get(0), y);
        Elements.write(outputs.get(1), mean);
        Elements.write(outputs.get(2), inverse);
    }

    static void layerNormBackward(LayerNormBackward op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] dy = Elements.doubles(inputs.get(0));
        double[] x = Elements.doubles(inputs.get(1));
        double[] gamma = Elements.doubles(inputs.get(2));
        double[] mean = Elements.doubles(inputs.get(3));
        double[] inverse = Elements.doubles(inputs.get(4));
        int n = gamma.length;
        double[] dx = new double[x.length];
        double[] dgamma = new double[n];
        double[] dbeta = new double[n];
        for (int row = 0; row < mean.length; row++) {
            double meanH = 0;
            double meanHx = 0;
            for (int i = 0; i < n; i++) {
                int at = row * n + i;
                double normalised = (x[at] - mean[row]) * inverse[row];
                dbeta[i] += dy[at];
                dgamma[i] += dy[at] * normalised;
                meanH += dy[at] * gamma[i] / n;
                meanHx += dy[at] * gamma[i] * normalised / n;
            }
            for (int i = 0; i < n; i++) {
                int at = row * n + i;
                double normalised = (x[at] - mean[row]) * inverse[row];
                dx[at] = inverse[row] * (dy[at] * gamma[i] - meanH - normalised * meanHx);
            }
        }
        Elements.write(outputs.get(0), dx);
        Elements.write(outputs.get(1), dgamma);
        Elements.write(outputs.get(2), dbeta);
    }

    static void l2Normalize(L2Normalize op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] values = Elements.doubles(inputs.getFirst());
        Axis axis = Axis.of(inputs.getFirst().shape(), op.axis());
        double[] divisor = new double[axis.rows()];
        for (int row = 0; row < divisor.length; row++) {
            double squares = 0;
            for (int i = 0; i < axis.size(); i++) {
                double value = values[axis.inRow(row, i)];
                squares += value * value;
            }
            divisor[row] = Math.max(Math.sqrt(squares), op.eps());
            for (int i = 0; i < axis.size(); i++) {
                values[axis.inRow(row, i)] /= divisor[row];
            }
        }
        Elements.write(outputs.get(0), values);
        Elements.write(outputs.get(1), divisor);
    }

    static void l2NormalizeBackward(L2NormalizeBackward op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] dx = Elements.doubles(inputs.get(0));
        double[] y = Elements.doubles(inputs.get(1));
        double[] divisor = Elements.doubles(inputs.get(2));
        Axis axis = Axis.of(inputs.getFirst().shape(), op.axis());
        for (int row = 0; row < divisor.length; row++) {
            double along = 0;
            for (int i = 0; i < axis.size(); i++) {
                along += dx[axis.inRow(row, i)] * y[axis.inRow(row, i)];
            }
            for (int i = 0; i < axis.size(); i++) {
                int at = axis.inRow(row, i);
                dx[at] = (dx[at] - y[at] * along) / divisor[row];
            }
        }
        Elements.write(outputs.getFirst(), dx);
    }
}
