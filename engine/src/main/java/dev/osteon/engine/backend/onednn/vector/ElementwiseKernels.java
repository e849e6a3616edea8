package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Affine;
import dev.osteon.engine.op.Binary;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/**
 * Float32 arithmetic over operands that lie alike, or of which one is a scalar: one pass over memory. Of two layouts
 * one is brought to the other before. What else the operations allow (broadcasting, bfloat16) goes strip by strip.
 */
final class ElementwiseKernels {

    private static final long GRAIN = 1 << 15;   // elements: below it a second thread costs more than it brings

    private ElementwiseKernels() {}

    static void register(Registry registry) {
        registry.floats(Binary.class, Layouts.ANY, ElementwiseKernels::binary)
                .floats(Affine.class, Layouts.ANY, ElementwiseKernels::affine);
    }

    private static void binary(Binary op, List<Tensor> in, List<Tensor> out) {
        Tensor a = in.get(0);
        Tensor b = in.get(1);
        Tensor y = out.getFirst();
        boolean arithmetic = op.function() != Binary.Function.POW;
        boolean alike = a.spec().equals(b.spec()) && a.spec().equals(y.spec());
        boolean scalar = b.size() == 1 && a.spec().equals(y.spec());
        if (op.function() == Binary.Function.ADD && y.dtype() == DType.BF16 && alike) {    // gradients add up
            Parallel.forRange(y.size(), GRAIN, (from, end) -> Bfloat16.add(Lanes.global(a.segment()),
                    Lanes.global(b.segment()), Lanes.global(y.segment()), from, end));
            return;
        }
        if (arithmetic && y.dtype() == DType.BF16 && alike) {
            inBlocks(op.function(), FloatRows.of(a, 1), FloatRows.of(b, 1), FloatRows.of(y, 1), y.size());
            return;
        }
        if (arithmetic && y.dtype() == DType.F32 && !alike && a.shape().equals(b.shape())) {   // in two layouts
            try (TensorScope scope = TensorScope.open()) {
                binary(op, List.of(CopyKernels.in(y.layout(), a), CopyKernels.in(y.layout(), b)), out);
            }
            return;
        }
        if (!arithmetic || y.dtype() != DType.F32 || !(alike || scalar)) {
            BroadcastKernels.binary(op, in, out);
            return;
        }
        MemorySegment left = Lanes.global(a.segment());
        MemorySegment right = Lanes.global(b.segment());
        MemorySegment to = Lanes.global(y.segment());
        if (alike) {
            Parallel.forRange(y.size(), GRAIN, (from, end) -> alike(op.function(), left, right, to, from, end));
            return;
        }
        float value = right.get(JAVA_FLOAT_UNALIGNED, 0);
        Parallel.forRange(y.size(), GRAIN, (from, end) -> {
            switch (op.function()) {
                case ADD -> affine(left, 1, value, to, from, end);
                case SUB -> affine(left, 1, -value, to, from, end);
                case MUL -> affine(left, value, 0, to, from, end);
                case DIV -> divide(left, value, to, from, end);
                case MAXIMUM -> clamp(left, value, Float.POSITIVE_INFINITY, to, from, end);
                case MINIMUM -> clamp(left, Float.NEGATIVE_INFINITY, value, to, from, end);
                case POW -> throw new IllegalStateException("passed on above");
            }
        });
    }

    private static void inBlocks(Binary.Function function, FloatRows a, FloatRows b, FloatRows y, long size) {
        Parallel.forRange(size, GRAIN, (from, end) -> {
            int step = y.rowsAtOnce((int) GRAIN);
            for (long at = from; at < end; at += step) {
                int count = (int) Math.min(step, end - at);
                MemorySegment block = y.target(at, count, 2);
                alike(function, a.read(at, count, 0), b.read(at, count, 1), block, 0, count);
                y.written(block, at, count);
            }
        });
    }

    private static void alike(Binary.Function function, MemorySegment a, MemorySegment b, MemorySegment y, long from,
            long end) {
        switch (function) {
            case ADD -> add(a, b, y, from, end);
            case SUB -> sub(a, b, y, from, end);
            case MUL -> mul(a, b, y, from, end);
            case DIV -> div(a, b, y, from, end);
            case MAXIMUM -> max(a, b, y, from, end);
            case MINIMUM -> min(a, b, y, from, end);
            case POW -> throw new IllegalStateException("passed on above");
        }
    }

    private static void affine(Affine op, List<Tensor> in, List<Tensor> out) {
        Tensor y = out.getFirst();
        if (y.dtype() != DType.F32) {
            UnaryKernels.affine(op, in, out);
            return;
        }
        MemorySegment x = Lanes.global(in.getFirst().segment());
        MemorySegment to = Lanes.global(y.segment());
        Parallel.forRange(y.size(), GRAIN,
                (from, end) -> affine(x, (float) op.scale(), (float) op.shift(), to, from, end));
    }

    // One loop a function: a shared loop that takes the function as a lambda is not inlined, and boxes every vector.

    private static void add(MemorySegment a, MemorySegment b, MemorySegment y, long from, long end) {
        long i = from;
        for (; i + Lanes.COUNT <= end; i += Lanes.COUNT) {
            Lanes.store(Lanes.load(a, i).add(Lanes.load(b, i)), y, i);
        }
        for (; i < end; i++) {
            put(y, i, at(a, i) + at(b, i));
        }
    }

    private static void sub(MemorySegment a, MemorySegment b, MemorySegment y, long from, long end) {
        long i = from;
        for (; i + Lanes.COUNT <= end; i += Lanes.COUNT) {
            Lanes.store(Lanes.load(a, i).sub(Lanes.load(b, i)), y, i);
        }
        for (; i < end; i++) {
            put(y, i, at(a, i) - at(b, i));
        }
    }

    private static void mul(MemorySegment a, MemorySegment b, MemorySegment y, long from, long end) {
        long i = from;
        for (; i + Lanes.COUNT <= end; i += Lanes.COUNT) {
            Lanes.store(Lanes.load(a, i).mul(Lanes.load(b, i)), y, i);
        }
        for (; i < end; i++) {
            put(y, i, at(a, i) * at(b, i));
        }
    }

    private static void div(MemorySegment a, MemorySegment b, MemorySegment y, long from, long end) {
        long i = from;
        for (; i + Lanes.COUNT <= end; i += Lanes.COUNT) {
            Lanes.store(Lanes.load(a, i).div(Lanes.load(b, i)), y, i);
        }
        for (; i < end; i++) {
            put(y, i, at(a, i) / at(b, i));
        }
    }

    private static void max(MemorySegment a, MemorySegment b, MemorySegment y, long from, long end) {
        long i = from;
        for (; i + Lanes.COUNT <= end; i += Lanes.COUNT) {
            Lanes.store(Lanes.load(a, i).max(Lanes.load(b, i)), y, i);
        }
        for (; i < end; i++) {
            put(y, i, Math.max(at(a, i), at(b, i)));
        }
    }

    private static void min(MemorySegment a, MemorySegment b, MemorySegment y, long from, long end) {
        long i = from;
        for (; i + Lanes.COUNT <= end; i += Lanes.COUNT) {
            Lanes.store(Lanes.load(a, i).min(Lanes.load(b, i)), y, i);
        }
        for (; i < end; i++) {
            put(y, i, Math.min(at(a, i), at(b, i)));
        }
    }

    private static void divide(MemorySegment x, float by, MemorySegment y, long from, long end) {
        long i = from;
        for (; i + Lanes.COUNT <= end; i += Lanes.COUNT) {
            Lanes.store(Lanes.load(x, i).div(by), y, i);
        }
        for (; i < end; i++) {
            put(y, i, at(x, i) / by);
        }
    }

    private static void affine(MemorySegment x, float scale, float shift, MemorySegment y, long from, long end) {
        FloatVector slope = FloatVector.broadcast(Lanes.F32, scale);
        FloatVector offset = FloatVector.broadcast(Lanes.F32, shift);
        long i = from;
        for (; i + Lanes.COUNT <= end; i += Lanes.COUNT) {
            Lanes.store(Lanes.load(x, i).fma(slope, offset), y, i);
        }
        for (; i < end; i++) {
            put(y, i, Math.fma(at(x, i), scale, shift));
        }
    }

    private static void clamp(MemorySegment x, float low, float high, MemorySegment y, long from, long end) {
        long i = from;
        for (; i + Lanes.COUNT <= end; i += Lanes.COUNT) {
            Lanes.store(Lanes.load(x, i).max(low).min(high), y, i);
        }
        for (; i < end; i++) {
            put(y, i, Math.min(Math.max(at(x, i), low), high));
        }
    }

    private static float at(MemorySegment memory, long element) {
        return memory.get(JAVA_FLOAT_UNALIGNED, element * Float.BYTES);
    }

    private static void put(MemorySegment memory, long element, float value) {
        memory.set(JAVA_FLOAT_UNALIGNED, element * Float.BYTES, value);
    }
}
