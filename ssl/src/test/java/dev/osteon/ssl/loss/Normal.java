package dev.osteon.ssl.loss;

import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;

/** Embeddings for the tests of the losses. */
final class Normal {

    private Normal() {}

    /** Normally distributed values [n, d] with a standard deviation of {@code scale}. */
    static Tensor rows(Device device, DType dtype, long seed, int n, int d, double scale) {
        Philox random = Philox.of(seed);
        double[] values = new double[n * d];
        for (int i = 0; i < values.length; i++) {
            values[i] = scale * random.nextGaussian();
        }
        return Tensor.of(device, Shape.of(n, d), dtype, values);
    }

    /** In float64 on the reference backend. */
    static Tensor rows(long seed, int n, int d) {
        return rows(Device.REFERENCE, DType.F64, seed, n, d, 1);
    }
}
