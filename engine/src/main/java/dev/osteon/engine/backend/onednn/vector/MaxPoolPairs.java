package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Bfloat16.PAIRED;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Max-pooling's passes over bfloat16, of which a vector has twice as many. */
record MaxPoolPairs() implements MaxPoolRows.Passes<short[]> {

    private static final VectorSpecies<Short> SHORTS = Lanes.F32.withLanes(short.class);
    private static final short INFINITY = 0x7f80;
    /** As many bytes as there are shorts in a vector. */
    private static final VectorSpecies<Byte> BYTES = VectorSpecies.of(byte.class,
            VectorShape.forBitSize(SHORTS.length() * Byte.SIZE));
    /** From the bits and places of some channels to those of the next. */
    private static final int BOTH = 2 * PAIRED;

    @Override
    public int lanes() {
        return PAIRED;
    }

    @Override
    public short[] array(int channels) {
        return new short[2 * channels];
    }

    @Override
    public int length(short[] array) {
        return array.length;
    }

    @Override
    public void take(MemorySegment x, long at, int place, short[] largest) {
        for (int c = 0; c < largest.length; c += BOTH) {
            shorts(x, at + c / 2).intoArray(largest, c);
            ShortVector.broadcast(SHORTS, (short) place).intoArray(largest, c + PAIRED);
        }
    }

    @Override
    public void takeLarger(MemorySegment x, long at, int place, short[] largest) {
        for (int c = 0; c < largest.length; c += BOTH) {
            ShortVector v = shorts(x, at + c / 2);
            ShortVector best = ShortVector.fromArray(SHORTS, largest, c);
            VectorMask<Short> wins = ordered(v).compare(VectorOperators.GT, ordered(best));
            best.blend(v, wins).intoArray(largest, c);
            ShortVector.fromArray(SHORTS, largest, c + PAIRED).blend((short) place, wins)
                    .intoArray(largest, c + PAIRED);
        }
    }

    private static ShortVector shorts(MemorySegment memory, long element) {
        return ShortVector.fromMemorySegment(SHORTS, memory, element * Short.BYTES, Lanes.ORDER);
    }

    @Override
    public void move(short[] largest, int from, int end, int places) {
        for (int c = from + PAIRED; c < end; c += BOTH) {
            ShortVector.fromArray(SHORTS, largest, c).add((short) places).intoArray(largest, c);
        }
    }

    @Override
    public void takeLarger(short[] columns, int from, int step, int j, short[] windows, int to, int toStep,
            int count) {
        for (int w = 0; w < count; w++) {
            int f = from + w * step;
            int t = to + w * toStep;
            ShortVector v = ShortVector.fromArray(SHORTS, columns, f);
            ShortVector place = ShortVector.fromArray(SHORTS, columns, f + PAIRED).add((short) j);
            ShortVector best = ShortVector.fromArray(SHORTS, windows, t);
            ShortVector bestPlace = ShortVector.fromArray(SHORTS, windows, t + PAIRED);
            ShortVector key = ordered(v);
            ShortVector bestKey = ordered(best);
            VectorMask<Short> wins = key.compare(VectorOperators.GT, bestKey)
                    .or(key.compare(VectorOperators.EQ, bestKey).and(place.compare(VectorOperators.LT, bestPlace)));
            best.blend(v, wins).intoArray(windows, t);
            bestPlace.blend(place, wins).intoArray(windows, t + PAIRED);
        }
    }

    /** Integers in the order of the numbers: both zeros are equal, and every NaN is the largest. */
    private static ShortVector ordered(ShortVector bits) {
        ShortVector magnitude = bits.and(Short.MAX_VALUE);
        return magnitude.lanewise(VectorOperators.NEG, bits.compare(VectorOperators.LT, (short) 0))
                .blend(Short.MAX_VALUE, magnitude.compare(VectorOperators.GT, INFINITY));
    }

    @Override
    public void write(short[] largest, MemorySegment y, long at, MemorySegment places, long place) {
        for (int c = 0; c < largest.length; c += BOTH) {
            ShortVector.fromArray(SHORTS, largest, c).intoMemorySegment(y, (at + c / 2) * Short.BYTES, Lanes.ORDER);
            ShortVector.fromArray(SHORTS, largest, c + PAIRED).convertShape(VectorOperators.S2B, BYTES, 0)
                    .intoMemorySegment(places, place + c / 2, Lanes.ORDER);
        }
    }

    @Override
    public void addWhere(MemorySegment dy, long from, MemorySegment places, long place, int step, byte wanted,
            float[] sums, int to, int toStep, int count) {
        for (int w = 0; w < count; w++) {
            long next = (long) w * step;
            int even = to + w * toStep;
            int odd = even + Lanes.COUNT;
            VectorMask<Short> lost = ByteVector.fromMemorySegment(BYTES, places, place + next, Lanes.ORDER)
                    .compare(VectorOperators.NE, wanted).cast(SHORTS);
            IntVector own = ShortVector.fromMemorySegment(SHORTS, dy, (from + next) * Short.BYTES, Lanes.ORDER)
                    .blend((short) 0, lost).reinterpretAsInts();
            FloatVector.fromArray(Lanes.F32, sums, even).add(Bfloat16.even(own)).intoArray(sums, even);
            FloatVector.fromArray(Lanes.F32, sums, odd).add(Bfloat16.odd(own)).intoArray(sums, odd);
        }
    }

    /** Of a load's sums, those of its even elements come first. */
    @Override
    public void write(float[] sums, MemorySegment dx, long at) {
        for (int c = 0; c < sums.length; c += PAIRED) {
            Bfloat16.store(FloatVector.fromArray(Lanes.F32, sums, c),
                    FloatVector.fromArray(Lanes.F32, sums, c + Lanes.COUNT), dx, (at + c) * Short.BYTES);
        }
    }
}
