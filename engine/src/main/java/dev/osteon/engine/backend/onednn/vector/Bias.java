package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/** Adds a bias in place where a library call has none. */
public final class Bias {

    private Bias() {}

    /** y[n, c, h, w] += bias[c], in either layout and any floating type. */
    public static void addPerChannel(Tensor y, Tensor bias) {
        long[] strides = y.shape().strides(y.layout());
        MemorySegment data = Lanes.global(y.segment());
        MemorySegment values = bias.segment();
        Parallel.forRange((long) y.dim(0) * y.dim(1), 1, (from, to) -> {
            for (long plane = from; plane < to; plane++) {
                int c = (int) (plane % y.dim(1));
                double add = HostData.get(values, bias.dtype(), c);
                long start = plane / y.dim(1) * strides[0] + c * strides[1];
                for (int h = 0; h < y.dim(2); h++) {
                    for (int w = 0; w < y.dim(3); w++) {
                        long at = start + h * strides[2] + w * strides[3];
                        HostData.set(data, y.dtype(), at, HostData.get(data, y.dtype(), at) + add);
                    }
                }
            }
        });
    }
}
