package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Lanes.COUNT;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.backend.onednn.vector.MaxPool.Axis;
import dev.osteon.engine.op.MaxPool2d;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Rows of max-pooling over channels-last float32: the largest of each column of the windows first, then along the row.
 * Every pass is one long loop; loops over the few places of a window take longer to begin and end than to run.
 *
 * <p>Bits are compared ({@link #ordered}): a maximum of floats that keeps NaN is a chain of instructions for each. The
 * largest so far and their places lie in one array, a vector of bits and a vector of places by turns.
 */
final class MaxPoolFloats {

    private static final VectorSpecies<Integer> WORDS = Lanes.F32.withLanes(int.class);
    private static final int INFINITY = 0x7f800000;
    /** From the bits and places of some channels to those of the next. */
    private static final int BOTH = 2 * COUNT;

    private MaxPoolFloats() {}

    static Image.Row maximum(MaxPool2d op, Image x, Image y, Image places) {
        int[] columns = new int[2 * x.width() * x.channels()];
        int[] windows = new int[2 * y.width() * y.channels()];
        return (n, h) -> {
            ofColumns(op, x, n, h, columns);
            ofWindows(Axis.across(op), columns, x.width(), x.channels(), windows);
            write(windows, y.data(), y.at(n, 0, h, 0), places.data(), places.at(n, 0, h, 0));
        };
    }

    /** Of each pixel of a row of windows the largest from top to bottom. */
    private static void ofColumns(MaxPool2d op, Image x, int n, int h, int[] columns) {
        Axis vertical = Axis.vertical(op);
        int first = vertical.firstPlace(h);
        for (int i = first; i < vertical.endPlace(h, x.height()); i++) {
            long at = x.at(n, 0, vertical.start(h) + i, 0);
            if (i == first) {
                take(x.data(), at, i * op.kernel().width(), columns);
            } else {
                takeLarger(x.data(), at, i * op.kernel().width(), columns);
            }
        }
    }

    private static void take(MemorySegment x, long at, int place, int[] columns) {
        for (int c = 0; c < columns.length; c += BOTH) {
            ints(x, at + c / 2).intoArray(columns, c);
            IntVector.broadcast(WORDS, place).intoArray(columns, c + COUNT);
        }
    }

    private static void takeLarger(MemorySegment x, long at, int place, int[] columns) {
        for (int c = 0; c < columns.length; c += BOTH) {
            IntVector v = ints(x, at + c / 2);
            IntVector best = IntVector.fromArray(WORDS, columns, c);
            VectorMask<Integer> wins = ordered(v).compare(VectorOperators.GT, ordered(best));
            best.blend(v, wins).intoArray(columns, c);
            IntVector.fromArray(WORDS, columns, c + COUNT).blend(place, wins).intoArray(columns, c + COUNT);
        }
    }

    private static IntVector ints(MemorySegment memory, long element) {
        return IntVector.fromMemorySegment(WORDS, memory, element * Float.BYTES, Lanes.ORDER);
    }

    /** Of each window the largest of its columns. */
    private static void ofWindows(Axis across, int[] columns, int pixels, int channels, int[] windows) {
        int pixel = 2 * channels;
        int number = windows.length / pixel;
        for (int w = 0; w < number; w++) {
            System.arraycopy(columns, Math.max(0, across.start(w)) * pixel, windows, w * pixel, pixel);
            for (int c = w * pixel; across.firstPlace(w) > 0 && c < (w + 1) * pixel; c += BOTH) {
                IntVector.fromArray(WORDS, windows, c + COUNT).add(across.firstPlace(w)).intoArray(windows, c + COUNT);
            }
        }
        for (int j = 1; j < across.kernel(); j++) {
            int begin = across.firstWindow(j, 1);               // pixel 0 is a first place
            int end = across.endWindow(j, pixels - 1, number);
            for (int c = 0; c < pixel; c += BOTH) {
                takeLarger(columns, (across.start(begin) + j) * pixel + c, across.stride() * pixel, j, windows,
                        begin * pixel + c, pixel, end - begin);
            }
        }
    }

    /** Of equal ones the first place wins, which may be further right. */
    private static void takeLarger(int[] columns, int from, int step, int j, int[] windows, int to, int toStep,
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

    private static void write(int[] windows, MemorySegment y, long at, MemorySegment places, long place) {
        VectorSpecies<Byte> bytes = Lanes.BYTES.orElseThrow();
        for (int c = 0; c < windows.length; c += BOTH) {
            IntVector.fromArray(WORDS, windows, c).intoMemorySegment(y, (at + c / 2) * Float.BYTES, Lanes.ORDER);
            IntVector.fromArray(WORDS, windows, c + COUNT).convertShape(VectorOperators.I2B, bytes, 0)
                    .intoMemorySegment(places, place + c / 2, Lanes.ORDER);
        }
    }

    static Image.Row gradient(MaxPool2d op, Image dy, Image places, Image dx) {
        float[] sums = new float[dx.width() * dx.channels()];
        return (n, h) -> {
            Arrays.fill(sums, 0);
            add(op, dy, places, dx, n, h, sums);
            MemorySegment.copy(sums, 0, dx.data(), JAVA_FLOAT_UNALIGNED, dx.at(n, 0, h, 0) * Float.BYTES, sums.length);
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
                    for (int c = 0; c < channels; c += COUNT) {
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
        VectorSpecies<Byte> bytes = Lanes.BYTES.orElseThrow();
        for (int w = 0; w < count; w++) {
            VectorMask<Float> won = ByteVector.fromMemorySegment(bytes, places, place + (long) w * step, Lanes.ORDER)
                    .compare(VectorOperators.EQ, wanted).cast(Lanes.F32);
            FloatVector.fromArray(Lanes.F32, sums, to + w * toStep).add(Lanes.load(dy, from + (long) w * step), won)
                    .intoArray(sums, to + w * toStep);
        }
    }
}
