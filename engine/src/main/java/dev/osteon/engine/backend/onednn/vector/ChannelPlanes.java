package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.op.Activation;
import java.util.Optional;

/**
 * Batch-norm's passes over row-major [n, channels, pixels], one channel at a time. The convolutional path is
 * channels-last, so these loops are kept simple.
 */
record ChannelPlanes(int n, int channels, long pixels) implements BatchNormKernels.Rows {

    private long plane(int sample, int channel) {
        return ((long) sample * channels + channel) * pixels;
    }

    @Override
    public void statistics(FloatRows x, double[] mean, double[] variance) {
        eachChannel(c -> {
            double sum = 0;
            for (int i = 0; i < n; i++) {
                long p = plane(i, c);
                for (long j = p; j < p + pixels; j++) {
                    sum += x.at(j);
                }
            }
            mean[c] = sum / (n * pixels);
            double squares = 0;
            for (int i = 0; i < n; i++) {
                long p = plane(i, c);
                for (long j = p; j < p + pixels; j++) {
                    double d = x.at(j) - mean[c];
                    squares += d * d;
                }
            }
            variance[c] = squares / (n * pixels);
        });
    }

    @Override
    public void normalize(FloatRows x, float[] scale, float[] shift, Optional<FloatRows> residual,
            Activation activation, FloatRows y) {
        float floor = activation == Activation.RELU ? 0 : Float.NEGATIVE_INFINITY;
        eachChannel(c -> {
            for (int i = 0; i < n; i++) {
                long p = plane(i, c);
                for (long j = p; j < p + pixels; j++) {
                    float added = residual.isPresent() ? residual.get().at(j) : 0;
                    y.put(j, Math.max(floor, Math.fma(x.at(j), scale[c], shift[c]) + added));
                }
            }
        });
    }

    @Override
    public void gradientSums(FloatRows dy, FloatRows x, Optional<FloatRows> y,
            Optional<FloatRows> masked, float[] mean, double[] sum, double[] product) {
        eachChannel(c -> {
            for (int i = 0; i < n; i++) {
                long p = plane(i, c);
                for (long j = p; j < p + pixels; j++) {
                    float g = masked(dy, y, j);
                    if (masked.isPresent()) {
                        masked.get().put(j, g);
                    }
                    sum[c] += g;
                    product[c] += (double) g * (x.at(j) - mean[c]);
                }
            }
        });
    }

    @Override
    public void inputGradient(FloatRows dy, FloatRows x, Optional<FloatRows> y, float[] a, float[] b,
            float[] c, FloatRows dx) {
        eachChannel(k -> {
            for (int i = 0; i < n; i++) {
                long p = plane(i, k);
                for (long j = p; j < p + pixels; j++) {
                    dx.put(j, Math.fma(masked(dy, y, j), a[k], Math.fma(x.at(j), b[k], c[k])));
                }
            }
        });
    }

    private static float masked(FloatRows dy, Optional<FloatRows> y, long element) {
        return y.isEmpty() || y.get().at(element) > 0 ? dy.at(element) : 0;
    }

    private void eachChannel(java.util.function.IntConsumer body) {
        Parallel.forRange(channels, 1, (from, to) -> {
            for (int c = (int) from; c < to; c++) {
                body.accept(c);
            }
        });
    }
}
