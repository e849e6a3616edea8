package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Bfloat16.PAIRED;

import dev.osteon.engine.backend.onednn.vector.MaxPool.Axis;
import dev.osteon.engine.op.MaxPool2d;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** Rows of max-pooling over channels-last bfloat16, as {@link MaxPoolFloats} with twice as many to a vector. */
final class MaxPoolPairs {

    private static final VectorSpecies<Short> SHORTS = Lanes.F32.withLanes(short.class);
    private static final short INFINITY = 0x7f80;
    /** As many bytes as there are shorts in a vector. */
    private static final VectorSpecies<Byte> BYTES = VectorSpecies.of(byte.class,
            VectorShape.forBitSize(SHORTS.length() * Byte.SIZE));
    /** From the bits and places of some channels to those of the next. */
    private static final int BOTH = 2 * PAIRED;

    private MaxPoolPairs() {}

    static Image.Row maximum(MaxPool2d op, Image x, Image y, Image places) {
        short[] columns = new short[2 * x.width() * x.channels()];
        short[] windows = new short[2 * y.width() * y.channels()];
        return (n, h) -> {
            ofColumns(op, x, n, h, columns);
            ofWindows(Axis.across(op), columns, x.width(), x.channels(), windows);
            write(windows, y.data(), y.at(n, 0, h, 0), places.data(), places.at(n, 0, h, 0));
        };
    }

    /** Of each pixel of a row of windows the largest from top to bottom. */
    private static void ofColumns(MaxPool2d op, Image x, int n, int h, short[] columns) {
        Axis vertical = Axis.vertical(op);
        int first = vertical.firstPlace(h);
        for (int i = first; i < vertical.endPlace(h, x.height()); i++) {
            long at = x.at(n, 0, vertical.start(h) + i, 0);
            if (i == first) {
                take(x.data(), at, (short) (i * op.kernel().width()), columns);
            } else {
                takeLarger(x.data(), at, (short) (i * op.kernel().width()), columns);
            }
        }
    }

    private static void take(MemorySegment x, long at, short place, short[] columns) {
        for (int c = 0; c < columns.length; c += BOTH) {
            shorts(x, at + c / 2).intoArray(columns, c);
            ShortVector.broadcast(SHORTS, place).intoArray(columns, c + PAIRED);
        }
    }

    private static void takeLarger(MemorySegment x, long at, short place, short[] columns) {
        for (int c = 0; c < columns.length; c += BOTH) {
            ShortVector v = shorts(x, at + c / 2);
            ShortVector best = ShortVector.fromArray(SHORTS, columns, c);
            VectorMask<Short> wins = ordered(v).compare(VectorOperators.GT, ordered(best));
            best.blend(v, wins).intoArray(columns, c);
            ShortVector.fromArray(SHORTS, columns, c + PAIRED).blend(place, wins).intoArray(columns, c + PAIRED);
        }
    }

    private static ShortVector shorts(MemorySegment memory, long element) {
        return ShortVector.fromMemorySegment(SHORTS, memory, element * Short.BYTES, Lanes.ORDER);
    }

    /** Of each window the largest of its columns. */
    private static void ofWindows(Axis across, short[] columns, int pixels, int channels, short[] windows) {
        int pixel = 2 * channels;
        int number = windows.length / pixel;
        for (int w = 0; w < number; w++) {
            System.arraycopy(columns, Math.max(0, across.start(w)) * pixel, windows, w * pixel, pixel);
            for (int c = w * pixel; across.firstPlace(w) > 0 && c < (w + 1) * pixel; c += BOTH) {
                ShortVector.fromArray(SHORTS, windows, c + PAIRED).add((short) across.firstPlace(w))
                        .intoArray(windows, c + PAIRED);
            }
        }
        for (int j = 1; j < across.kernel(); j++) {
            int begin = across.firstWindow(j, 1);               // pixel 0 is a first place
            int end = across.endWindow(j, pixels - 1, number);
            for (int c = 0; c < pixel; c += BOTH) {
                takeLarger(columns, (across.start(begin) + j) * pixel + c, across.stride() * pixel, (short) j, windows,
                        begin * pixel + c, pixel, end - begin);
            }
        }
    }

    /** Of equal ones the first place wins, which may be further right. */
    private static void takeLarger(short[] columns, int from, int step, short j, short[] windows, int to, int toStep,
            int count) {
        for (int w = 0; w < count; w++) {
            int f = from + w * step;
            int t = to + w * toStep;
            ShortVector v = ShortVector.fromArray(SHORTS, columns, f);
            ShortVector place = ShortVector.fromArray(SHORTS, columns, f + PAIRED).add(j);
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

    private static void write(short[] windows, MemorySegment y, long at, MemorySegment places, long place) {
        for (int c = 0; c < windows.length; c += BOTH) {
            ShortVector.fromArray(SHORTS, windows, c).intoMemorySegment(y, (at + c / 2) * Short.BYTES, Lanes.ORDER);
            ShortVector.fromArray(SHORTS, windows, c + PAIRED).convertShape(VectorOperators.S2B, BYTES, 0)
                    .intoMemorySegment(places, place + c / 2, Lanes.ORDER);
        }
    }

    static Image.Row gradient(MaxPool2d op, Image dy, Image places, Image dx) {
        float[] sums = new float[dx.width() * dx.channels()];       // of a load its even elements, then its odd ones
        return (n, h) -> {
            Arrays.fill(sums, 0);
            add(op, dy, places, dx, n, h, sums);
            long at = dx.at(n, 0, h, 0);
            for (int c = 0; c < sums.length; c += PAIRED) {
                Bfloat16.store(FloatVector.fromArray(Lanes.F32, sums, c),
                        FloatVector.fromArray(Lanes.F32, sums, c + Lanes.COUNT), dx.data(), (at + c) * Short.BYTES);
            }
        };
    }

    private static void add(MaxPool2d op, Image dy, Image places, Image dx, int n, int h, float[] sums) {
        Axis vertical = Axis.vertical(op);
        Axis across = Axis.across(op);
        int channels = dx.channels();
        for (int i = vertical.kernel() - 1; i >= 0; i--) {
            for (int oh = vertical.firstWindow(i, h); oh < vertical.endWindow(i, h, dy.height()); oh++) {
                for (int j = across.kernel() - 1; j >= 0; j--) {
                    int begin = across.firstWindow(j, 0);
                    int end = across.endWindow(j, dx.width() - 1, dy.width());
                    byte place = (byte) (i * across.kernel() + j);
                    for (int c = 0; c < channels; c += PAIRED) {
                        addWhere(dy.data(), dy.at(n, c, oh, begin), places.data(), places.at(n, c, oh, begin), channels,
                                place, sums, (across.start(begin) + j) * channels + c, across.stride() * channels,
                                end - begin);
                    }
                }
            }
        }
    }

    private static void addWhere(MemorySegment dy, long from, MemorySegment places, long place, int step, byte wanted,
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
}
