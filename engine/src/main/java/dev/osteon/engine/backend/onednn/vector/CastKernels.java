package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.osteon.engine.backend.Kernel;
import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Changes of element type. Between float32 and bfloat16, of which mixed precision has one at each turn, in vectors. */
final class CastKernels {

    private static final long GRAIN = 1 << 15;   // elements
    private static final VectorSpecies<Integer> WORDS = Lanes.F32.withLanes(int.class);
    private static final VectorSpecies<Short> HALVES =
            VectorSpecies.of(short.class, VectorShape.forBitSize(WORDS.vectorBitSize() / 2));

    private CastKernels() {}

    static void register(Registry registry) {
        Kernel<Cast> general = registry.general().get(new Cast(DType.F32)).kernel();
        registry.anything(Cast.class, Layouts.ANY, (op, in, out) -> cast(op, in, out, general));
    }

    private static void cast(Cast op, List<Tensor> in, List<Tensor> out, Kernel<Cast> general) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        if (x.layout() != y.layout() || !x.dtype().isFloating() && !y.dtype().isFloating() && x.dtype() != y.dtype()) {
            general.run(op, in, out);   // whole numbers of 64 bits must not go through doubles
            return;
        }
        MemorySegment from = Lanes.global(x.segment());
        MemorySegment to = Lanes.global(y.segment());
        if (x.dtype() == y.dtype()) {
            Place.of(x).copy(x.shape(), Place.of(y));
        } else if (x.dtype() == DType.F32 && y.dtype() == DType.BF16) {
            Parallel.forRange(x.size(), GRAIN, (first, end) -> toBfloat16(from, to, first, end));
        } else if (x.dtype() == DType.BF16 && y.dtype() == DType.F32) {
            Parallel.forRange(x.size(), GRAIN, (first, end) -> toFloat32(from, to, first, end));
        } else if (y.dtype() == DType.F32 || y.dtype().isLow()) {
            Parallel.forRange(x.size(), GRAIN, (first, end) -> byStrips(Strip.of(x), Strip.of(y), first, end));
        } else {
            Parallel.forRange(x.size(), GRAIN, (first, end) -> {
                for (long i = first; i < end; i++) {
                    HostData.set(to, y.dtype(), i, HostData.get(from, x.dtype(), i));
                }
            });
        }
    }

    private static void byStrips(Strip x, Strip y, long from, long end) {
        double[] strip = Strip.array(end - from);
        for (long at = from; at < end; at += strip.length) {
            int n = (int) Math.min(strip.length, end - at);
            x.read(at, 1, strip, n);
            y.write(strip, n, at, 1);
        }
    }

    /** As {@link HostData#floatToBfloat16}: to nearest even. */
    private static void toBfloat16(MemorySegment x, MemorySegment y, long from, long end) {
        long i = from;
        for (; i + WORDS.length() <= end; i += WORDS.length()) {
            IntVector bits = IntVector.fromMemorySegment(WORDS, x, i * Float.BYTES, Lanes.ORDER);
            IntVector high = bits.lanewise(VectorOperators.LSHR, 16);
            IntVector rounded = bits.add(high.and(1)).add(0x7fff).lanewise(VectorOperators.LSHR, 16);
            VectorMask<Integer> nan = bits.and(0x7fffffff).compare(VectorOperators.GT, 0x7f800000);
            rounded.blend(high.or(0x40), nan).convertShape(VectorOperators.I2S, HALVES, 0)
                    .intoMemorySegment(y, i * Short.BYTES, Lanes.ORDER);
        }
        for (; i < end; i++) {
            y.set(JAVA_SHORT_UNALIGNED, i * Short.BYTES,
                    HostData.floatToBfloat16(x.get(JAVA_FLOAT_UNALIGNED, i * Float.BYTES)));
        }
    }

    private static void toFloat32(MemorySegment x, MemorySegment y, long from, long end) {
        long i = from;
        for (; i + WORDS.length() <= end; i += WORDS.length()) {
            ShortVector.fromMemorySegment(HALVES, x, i * Short.BYTES, Lanes.ORDER)
                    .convertShape(VectorOperators.S2I, WORDS, 0).reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 16).intoMemorySegment(y, i * Float.BYTES, Lanes.ORDER);
        }
        for (; i < end; i++) {
            y.set(JAVA_FLOAT_UNALIGNED, i * Float.BYTES,
                    HostData.bfloat16ToFloat(x.get(JAVA_SHORT_UNALIGNED, i * Short.BYTES)));
        }
    }
}
