package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Lanes.COUNT;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Max-pooling's passes over float32. Bits are compared ({@link #ordered}): a maximum of floats that keeps NaN is a
 * chain of instructions for each.
 */
record MaxPoolFloats() implements MaxPoolRows.Passes<int[]> {

    private static final VectorSpecies<Integer> WORDS = Lanes.F32.withLanes(int.class);
    private static final int INFINITY = 0x7f800000;
    /** From the bits and places of some channels to those of the next. */
    private static final int BOTH = 2 * COUNT;

    @Override
    public int lanes() {
        return COUNT;
    }

    @Override
    public int[] array(int channels) {
        return new int[2 * channels];
    }

    @Override
    public int length(int[] array) {
        return array.length;
    }

    @Override
    public void take(MemorySegment x, long at, int place, int[] largest) {
        for (int c = 0; c < largest.length; c += BOTH) {
            ints(x, at + c / 2).intoArray(largest, c);
            IntVector.broadcast(WORDS, place).intoArray(largest, c + COUNT);
        }
    }

    @Override
    public void takeLarger(MemorySegment x, long at, int place, int[] largest) {
        for (int c = 0; c < largest.length; c += BOTH) {
            IntVector v = ints(x, at + c / 2);
            IntVector best = IntVector.fromArray(WORDS, largest, c);
            VectorMask<Integer> wins = ordered(v).compare(VectorOperators.GT, ordered(best));
            best.blend(v, wins).intoArray(largest, c);
            IntVector.fromArray(WORDS, largest, c + COUNT).blend(place, wins).intoArray(largest, c + COUNT);
        }
    }

    private static IntVector ints(MemorySegment memory, long element) {
        return IntVector.fromMemorySegment(WORDS, memory, element * Float.BYTES, Lanes.ORDER);
    }

    @Override
    public void move(int[] largest, int from, int end, int places) {
        for (int c = from + COUNT; c < end; c += BOTH) {
            IntVector.fromArray(WORDS, largest, c).add(places).intoArray(largest, c);
        }
    }

    @Override
    public void takeLarger(int[] columns, int from, int step, int j, int[] windows, int to, int toStep,
            int count) {
        for (int w = 0; w < count; w++) {
            int f = from + w * step;
            int t = to + w * toStep;
            IntVector v = IntVector.fromArray(WORDS, columns, f);
            IntVector place = IntVector.fromArray(WORDS, columns, f + COUNT).add(j);
            IntVector best = IntVector.fromArray(WORDS, windows, t);
            IntVector bestPlace = IntVector.fromArray(WORDS, windows, t + COUNT);
            IntVector key = ordered(v);
            IntVector bestKey = ordered(best);
            VectorMask<Integer> wins = key.compare(VectorOperators.GT, bestKey)
                    .or(key.compare(VectorOperators.EQ, bestKey).and(place.compare(VectorOperators.LT, bestPlace)));
            best.blend(v, wins).intoArray(windows, t);
            bestPlace.blend(place, wins).intoArray(windows, t + COUNT);
        }
    }

    /** Integers in the order of the numbers: both zeros are equal, and every NaN is the largest. */
    private static IntVector ordered(IntVector bits) {
        IntVector magnitude = bits.and(Integer.MAX_VALUE);
        return magnitude.lanewise(VectorOperators.NEG, bits.compare(VectorOperators.LT, 0))
                .blend(Integer.MAX_VALUE, magnitude.compare(VectorOperators.GT, INFINITY));
    }

    @Override
    public void write(int[] largest, MemorySegment y, long at, MemorySegment places, long place) {
        VectorSpecies<Byte> bytes = Lanes.BYTES.orElseThrow();
        for (int c = 0; c < largest.length; c += BOTH) {
            IntVector.fromArray(WORDS, largest, c).intoMemorySegment(y, (at + c / 2) * Float.BYTES, Lanes.ORDER);
            IntVector.fromArray(WORDS, largest, c + COUNT).convertShape(VectorOperators.I2B, bytes, 0)
                    .intoMemorySegment(places, place + c / 2, Lanes.ORDER);
        }
    }

    @Override
    public void addWhere(MemorySegment dy, long from, MemorySegment places, long place, int step, byte wanted,
            float[] sums, int to, int toStep, int count) {
        VectorSpecies<Byte> bytes = Lanes.BYTES.orElseThrow();
        for (int w = 0; w < count; w++) {
            VectorMask<Float> won = ByteVector.fromMemorySegment(bytes, places, place + (long) w * step, Lanes.ORDER)
                    .compare(VectorOperators.EQ, wanted).cast(Lanes.F32);
            FloatVector.fromArray(Lanes.F32, sums, to + w * toStep).add(Lanes.load(dy, from + (long) w * step), won)
                    .intoArray(sums, to + w * toStep);
        }
    }

    @Override
    public void write(float[] sums, MemorySegment dx, long at) {
        MemorySegment.copy(sums, 0, dx, JAVA_FLOAT_UNALIGNED, at * Float.BYTES, sums.length);
    }
}
