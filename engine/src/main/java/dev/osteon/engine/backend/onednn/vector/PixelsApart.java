package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * Pixels of a channels-last image moved apart, with zeros between. A row is cleared and filled while it is in the
 * cache, which two copies between {@link Place}s would not do.
 */
public final class PixelsApart {

    private static final long GRAIN = 1 << 16;      // bytes

    private PixelsApart() {}

    /**
     * to[n, c, y·stride, x·stride] = from[n, c, y, x], and zeros elsewhere.
     *
     * @param from [N, C, H, W], channels-last
     * @param to   [N, C, H', W'] of the same type, channels-last, with H' > (H − 1)·stride and W' likewise; written
     */
    public static void move(Tensor from, Window stride, Tensor to) {
        MemorySegment source = Lanes.global(from.segment());
        MemorySegment target = Lanes.global(to.segment());
        long pixel = (long) to.dim(1) * to.dtype().bytes();
        long row = to.dim(3) * pixel;
        int height = to.dim(2);
        Parallel.forRange((long) to.dim(0) * height, Math.ceilDiv(GRAIN, Math.max(1, row)), (first, end) -> {
            for (long i = first; i < end; i++) {
                int y = (int) (i % height);
                MemorySegment line = target.asSlice(i * row, row);
                line.fill((byte) 0);
                if (y % stride.height() == 0 && y / stride.height() < from.dim(2)) {
                    long pixels = (i / height * from.dim(2) + y / stride.height()) * from.dim(3);
                    for (int x = 0; x < from.dim(3); x++) {
                        MemorySegment.copy(source, (pixels + x) * pixel, line, x * stride.width() * pixel, pixel);
                    }
                }
            }
        });
    }
}
