package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Softmax over rows that lie in one piece, in float32; each is read and written once. */
final class SoftmaxKernel {

    private static final int GRAIN = 1 << 13;   // elements

    private SoftmaxKernel() {}

    /** Whether this is such a case: float32, row-major, along the last axis. */
    static boolean takes(Tensor x, Tensor y, int axis) {
        return x.dtype() == DType.F32 && y.dtype() == DType.F32 && x.layout() == Layout.ROW_MAJOR
                && (axis == x.rank() - 1 || axis == -1) && x.dim(x.rank() - 1) > 0;
    }

    static void run(Tensor x, Tensor y) {
        int n = x.dim(x.rank() - 1);
        MemorySegment from = Lanes.global(x.segment());
        MemorySegment to = Lanes.global(y.segment());
        Parallel.forRange(x.size() / n, Math.max(1, GRAIN / n), (first, end) -> {
            float[] row = new float[Floats.padded(n)];
            for (long r = first; r < end; r++) {
                MemorySegment.copy(from, JAVA_FLOAT_UNALIGNED, r * n * Float.BYTES, row, 0, n);
                Arrays.fill(row, n, row.length, Float.NEGATIVE_INFINITY);
                Floats.softmax(row, 0, row.length);
                MemorySegment.copy(row, 0, to, JAVA_FLOAT_UNALIGNED, r * n * Float.BYTES, n);
            }
        });
    }
}
