package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.osteon.engine.tensor.HostData;
import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Between float32 and bfloat16, of which mixed precision has one at each turn, in vectors. */
final class Bfloat16 {

    private static final VectorSpecies<Integer> WORDS = Lanes.F32.withLanes(int.class);
    private static final VectorSpecies<Short> HALVES =
            VectorSpecies.of(short.class, VectorShape.forBitSize(WORDS.vectorBitSize() / 2));

    /** Elements that one load brings as pairs: half of them in the lower, half in the upper halves of the words. */
    static final int PAIRED = 2 * Lanes.COUNT;
    private static final int UPPER = 0xffff0000;

    private Bfloat16() {}

    /** Pairs of elements from a place in bytes on. */
    static IntVector load(MemorySegment memory, long bytes) {
        return IntVector.fromMemorySegment(WORDS, memory, bytes, Lanes.ORDER);
    }

    /** The first, third … elements of a load. */
    static FloatVector even(IntVector words) {
        return words.lanewise(VectorOperators.LSHL, Short.SIZE).reinterpretAsFloats();
    }

    /** The second, fourth … elements of a load. */
    static FloatVector odd(IntVector words) {
        return words.and(UPPER).reinterpretAsFloats();
    }

    /** Writes pairs, rounded to nearest even. The lower half of a NaN must be 0, as what comes of bfloat16 has it. */
    static void store(FloatVector even, FloatVector odd, MemorySegment memory, long bytes) {
        IntVector lower = rounded(even.reinterpretAsInts()).lanewise(VectorOperators.LSHR, Short.SIZE);
        rounded(odd.reinterpretAsInts()).and(UPPER).or(lower).intoMemorySegment(memory, bytes, Lanes.ORDER);
    }

    private static IntVector rounded(IntVector bits) {
        return bits.lanewise(VectorOperators.LSHR, Short.SIZE).and(1).add(bits).add(0x7fff);
    }

    /** y = a + b for elements {@code from} to {@code end} − 1. */
    static void add(MemorySegment a, MemorySegment b, MemorySegment y, long from, long end) {
        long i = from;
        for (; i + PAIRED <= end; i += PAIRED) {
            IntVector left = load(a, i * Short.BYTES);
            IntVector right = load(b, i * Short.BYTES);
            store(even(left).add(even(right)), odd(left).add(odd(right)), y, i * Short.BYTES);
        }
        for (; i < end; i++) {
            put(y, i, get(a, i) + get(b, i));
        }
    }

    /** y += x, of float32, for elements {@code from} to {@code end} − 1. */
    static void addTo(MemorySegment y, MemorySegment x, long from, long end) {
        long i = from;
        for (; i + WORDS.length() <= end; i += WORDS.length()) {
            Lanes.store(Lanes.load(y, i).add(widened(x, i).reinterpretAsFloats()), y, i);
        }
        for (; i < end; i++) {
            long at = i * Float.BYTES;
            y.set(JAVA_FLOAT_UNALIGNED, at, y.get(JAVA_FLOAT_UNALIGNED, at) + get(x, i));
        }
    }

    /** Elements from one on as the bits of float32. */
    private static IntVector widened(MemorySegment x, long element) {
        return ShortVector.fromMemorySegment(HALVES, x, element * Short.BYTES, Lanes.ORDER)
                .convertShape(VectorOperators.S2I, WORDS, 0).reinterpretAsInts().lanewise(VectorOperators.LSHL, 16);
    }

    static float get(MemorySegment memory, long element) {
        return HostData.bfloat16ToFloat(memory.get(JAVA_SHORT_UNALIGNED, element * Short.BYTES));
    }

    static void put(MemorySegment memory, long element, float value) {
        memory.set(JAVA_SHORT_UNALIGNED, element * Short.BYTES, HostData.floatToBfloat16(value));
    }

    /** y[toElement + i] = x[fromElement + i] to nearest even, as {@link HostData#floatToBfloat16}. */
    static void narrow(MemorySegment x, long fromElement, MemorySegment y, long toElement, long count) {
        long i = 0;
        for (; i + WORDS.length() <= count; i += WORDS.length()) {
            IntVector bits = IntVector.fromMemorySegment(WORDS, x, (fromElement + i) * Float.BYTES, Lanes.ORDER);
            IntVector high = bits.lanewise(VectorOperators.LSHR, 16);
            IntVector rounded = bits.add(high.and(1)).add(0x7fff).lanewise(VectorOperators.LSHR, 16);
            VectorMask<Integer> nan = bits.and(0x7fffffff).compare(VectorOperators.GT, 0x7f800000);
            rounded.blend(high.or(0x40), nan).convertShape(VectorOperators.I2S, HALVES, 0)
                    .intoMemorySegment(y, (toElement + i) * Short.BYTES, Lanes.ORDER);
        }
        for (; i < count; i++) {
            put(y, toElement + i, x.get(JAVA_FLOAT_UNALIGNED, (fromElement + i) * Float.BYTES));
        }
    }

    /** y[toElement + i] = x[fromElement + i], exactly. */
    static void widen(MemorySegment x, long fromElement, MemorySegment y, long toElement, long count) {
        long i = 0;
        for (; i + WORDS.length() <= count; i += WORDS.length()) {
            widened(x, fromElement + i).intoMemorySegment(y, (toElement + i) * Float.BYTES, Lanes.ORDER);
        }
        for (; i < count; i++) {
            y.set(JAVA_FLOAT_UNALIGNED, (toElement + i) * Float.BYTES, get(x, fromElement + i));
        }
    }
}
