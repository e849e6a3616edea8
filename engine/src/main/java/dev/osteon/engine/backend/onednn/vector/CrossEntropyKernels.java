package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Lanes.COUNT;
import static dev.osteon.engine.backend.onednn.vector.Lanes.F32;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.SoftCrossEntropy;
import dev.osteon.engine.op.SoftCrossEntropyBackward;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/** Cross-entropy against weights over the classes: a row is read once and used up while it is in the cache. */
final class CrossEntropyKernels {

    private static final int GRAIN = 1 << 14;   // elements

    private CrossEntropyKernels() {}

    static void register(KernelTable table) {
        EnumSet<DType> f32 = EnumSet.of(DType.F32);
        table.put(SoftCrossEntropy.class, Layouts.ROW_MAJOR, f32, CrossEntropyKernels::forward)
                .put(SoftCrossEntropyBackward.class, Layouts.ROW_MAJOR, f32, CrossEntropyKernels::backward);
    }

    /** What is done with row {@code number}: its logits, multiplied by the scale, and its weights, 0 in the padding. */
    @FunctionalInterface
    private interface RowBody {
        void run(int number, float[] s, float[] q);
    }

    private static void rows(double scale, Tensor x, Tensor q, RowBody body) {
        int k = x.dim(1);
        int padded = Floats.padded(k);
        MemorySegment logits = Lanes.global(x.segment());
        MemorySegment weights = Lanes.global(q.segment());
        Parallel.forRange(x.dim(0), Math.max(1, GRAIN / k), (from, to) -> {
            float[] s = new float[padded];
            float[] w = new float[padded];
            for (int row = (int) from; row < to; row++) {
                long at = (long) row * k * Float.BYTES;
                MemorySegment.copy(logits, JAVA_FLOAT_UNALIGNED, at, s, 0, k);
                MemorySegment.copy(weights, JAVA_FLOAT_UNALIGNED, at, w, 0, k);
                for (int i = 0; i < padded; i += COUNT) {
                    Floats.load(s, i).mul((float) scale).intoArray(s, i);
                }
                body.run(row, s, w);
            }
        });
    }

    private static void forward(SoftCrossEntropy op, List<Tensor> in, List<Tensor> out) {
        int k = in.getFirst().dim(1);
        MemorySegment y = Lanes.global(out.get(0).segment());
        MemorySegment logs = Lanes.global(out.get(1).segment());
        rows(op.scale(), in.get(0), in.get(1), (row, s, q) -> {
            Arrays.fill(s, k, s.length, s[0]);
            float top = Floats.max(s, 0, s.length);
            FloatVector total = FloatVector.zero(F32);
            FloatVector below = total;                       // Σ q·(s − top): small terms where q is large
            for (int i = 0; i < s.length; i += COUNT) {
                FloatVector weight = Floats.load(q, i);
                total = total.add(weight);
                below = weight.fma(Floats.load(s, i).sub(top), below);
            }
            Arrays.fill(s, k, s.length, Float.NEGATIVE_INFINITY);
            FloatVector sum = FloatVector.zero(F32);
            for (int i = 0; i < s.length; i += COUNT) {
                sum = sum.add(Floats.exp(Floats.load(s, i).sub(top)));
            }
            double log = Math.log(Lanes.sum(sum));
            y.setAtIndex(JAVA_FLOAT_UNALIGNED, row, (float) (Lanes.sum(total) * log - Lanes.sum(below)));
            logs.setAtIndex(JAVA_FLOAT_UNALIGNED, row, (float) (top + log));
        });
    }

    private static void backward(SoftCrossEntropyBackward op, List<Tensor> in, List<Tensor> out) {
        int k = in.getFirst().dim(1);
        MemorySegment logs = Lanes.global(in.get(2).segment());
        MemorySegment dy = Lanes.global(in.get(3).segment());
        MemorySegment dx = Lanes.global(out.getFirst().segment());
        rows(op.scale(), in.get(0), in.get(1), (row, s, q) -> {
            FloatVector weights = FloatVector.zero(F32);
            for (int i = 0; i < q.length; i += COUNT) {
                weights = weights.add(Floats.load(q, i));
            }
            float factor = (float) (dy.getAtIndex(JAVA_FLOAT_UNALIGNED, row) * op.scale());
            float total = (float) Lanes.sum(weights);
            float log = logs.getAtIndex(JAVA_FLOAT_UNALIGNED, row);
            for (int i = 0; i < s.length; i += COUNT) {
                FloatVector p = Floats.exp(Floats.load(s, i).sub(log));
                p.mul(total).sub(Floats.load(q, i)).mul(factor).intoArray(s, i);
            }
            MemorySegment.copy(s, 0, dx, JAVA_FLOAT_UNALIGNED, (long) row * k * Float.BYTES, k);
        });
    }
}
