package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.op.Activation;
import java.lang.foreign.MemorySegment;
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
    public void statistics(MemorySegment x, double[] mean, double[] variance) {
        eachChannel(c -> {
            double sum = 0;
            for (int i = 0; i < n; i++) {
                long p = plane(i, c);
                for (long j = p; j < p + pixels; j++) {
                    sum += at(x, j);
                }
            }
            mean[c] = sum / (n * pixels);
            double squares = 0;
            for (int i = 0; i < n; i++) {
                long p = plane(i, c);
                for (long j = p; j < p + pixels; j++) {
                    double d = at(x, j) - mean[c];
                    squares += d * d;
                }
            }
            variance[c] = squares / (n * pixels);
        });
    }

    @Override
    public void normalize(MemorySegment x, float[] scale, float[] shift, Optional<MemorySegment> residual,
            Activation activation, MemorySegment y) {
        float floor = activation == Activation.RELU ? 0 : Float.NEGATIVE_INFINITY;
        eachChannel(c -> {
            for (int i = 0; i < n; i++) {
                long p = plane(i, c);
                for (long j = p; j < p + pixels; j++) {
                    float added = residual.isPresent() ? at(residual.get(), j) : 0;
                    put(y, j, Math.max(floor, Math.fma(at(x, j), scale[c], shift[c]) + added));
                }
            }
        });
    }

    @Override
    public void gradientSums(MemorySegment dy, MemorySegment x, Optional<MemorySegment> y,
            Optional<MemorySegment> masked, float[] mean, double[] sum, double[] product) {
        eachChannel(c -> {
            for (int i = 0; i < n; i++) {
                long p = plane(i, c);
                for (long j = p; j < p + pixels; j++) {
                    float g = masked(dy, y, j);
                    if (masked.isPresent()) {
                        put(masked.get(), j, g);
                    }
                    sum[c] += g;
                    product[c] += (double) g * (at(x, j) - mean[c]);
                }
            }
        });
    }

    @Override
    public void inputGradient(MemorySegment dy, MemorySegment x, Optional<MemorySegment> y, float[] a, float[] b,
            float[] c, MemorySegment dx) {
        eachChannel(k -> {
            for (int i = 0; i < n; i++) {
                long p = plane(i, k);
                for (long j = p; j < p + pixels; j++) {
                    put(dx, j, Math.fma(masked(dy, y, j), a[k], Math.fma(at(x, j), b[k], c[k])));
                }
            }
        });
    }

    private static float masked(MemorySegment dy, Optional<MemorySegment> y, long element) {
        return y.isEmpty() || at(y.get(), element) > 0 ? at(dy, element) : 0;
    }

    private void eachChannel(java.util.function.IntConsumer body) {
        Parallel.forRange(channels, 1, (from, to) -> {
            for (int c = (int) from; c < to; c++) {
                body.accept(c);
            }
        });
    }

    private static float at(MemorySegment memory, long element) {
        return memory.get(JAVA_FLOAT_UNALIGNED, element * Float.BYTES);
    }

    private static void put(MemorySegment memory, long element, float value) {
        memory.set(JAVA_FLOAT_UNALIGNED, element * Float.BYTES, value);
    }
}
