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
    /** The least NaN with a sign, in its bits: as those of an integer, what is less is a negative number. */
    static final short NEGATIVE_NAN = (short) 0xff81;

    private static final int UPPER = 0xffff0000;
    private static final int LOWER = 0xffff;
    private static final short MIDDLE = (short) 0x8000;

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

    /** Writes pairs, {@link #rounded}. */
    static void store(FloatVector even, FloatVector odd, MemorySegment memory, long bytes) {
        store(rounded(even, odd), memory, bytes);
    }

    /** Writes elements. */
    static void store(ShortVector elements, MemorySegment memory, long bytes) {
        elements.intoMemorySegment(memory, bytes, Lanes.ORDER);
    }

    /**
     * Pairs to nearest even: their upper halves, and 1 more where the lower half is above the middle, or on it and the
     * upper one odd. Both elements of a pair go through this at once, which takes two thirds of the instructions of one
     * after the other. The lower half of a NaN must be 0, as what comes of bfloat16 has it.
     */
    static ShortVector rounded(FloatVector even, FloatVector odd) {
        IntVector first = even.reinterpretAsInts();
        IntVector second = odd.reinterpretAsInts();
        ShortVector upper = first.lanewise(VectorOperators.LSHR, Short.SIZE).or(second.and(UPPER))
                .reinterpretAsShorts();
        ShortVector lower = first.and(LOWER).or(second.lanewise(VectorOperators.LSHL, Short.SIZE))
                .reinterpretAsShorts();
        VectorMask<Short> up = lower.or(upper.and((short) 1)).compare(VectorOperators.UGT, MIDDLE);
        return upper.add((short) 1, up);
    }

    /** Where the elements are negative numbers or 0, and not NaN. */
    static VectorMask<Short> atMostZero(ShortVector elements) {
        return elements.compare(VectorOperators.LT, NEGATIVE_NAN).or(elements.compare(VectorOperators.EQ, (short) 0));
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
            Lanes.store(Lanes.load(y, i).add(floats(x, i)), y, i);
        }
        for (; i < end; i++) {
            long at = i * Float.BYTES;
            y.set(JAVA_FLOAT_UNALIGNED, at, y.get(JAVA_FLOAT_UNALIGNED, at) + get(x, i));
        }
    }

    /** As many elements from one on as a vector has floats. */
    static FloatVector floats(MemorySegment x, long element) {
        return widened(x, element).reinterpretAsFloats();
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
