package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Bfloat16.even;
import static dev.osteon.engine.backend.onednn.vector.Bfloat16.load;
import static dev.osteon.engine.backend.onednn.vector.Bfloat16.odd;
import static dev.osteon.engine.backend.onednn.vector.Bfloat16.rounded;
import static dev.osteon.engine.backend.onednn.vector.Bfloat16.store;

import dev.osteon.engine.op.Activation;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Batch-norm's passes over bfloat16 [pixels, channels], computed in float32. One load brings as many pairs of channels
 * as a vector has floats: the upper halves of the words are the odd channels as they are, the lower ones, shifted up,
 * the even ones, and what belongs to a channel is {@link #placed} in the same way.
 *
 * <p>The passes go through memory from one word to the next, as processors prefetch it best, with the numbers of the
 * channels beside them in the first-level cache; narrow pixels are taken several at a time, for a loop over few
 * channels would end too often. Each pass is a small loop of its own: one that takes its arithmetic as a lambda is not
 * inlined, and of one with much more in it the compiler inlines a part only; either boxes every vector.
 *
 * @param channels a multiple of {@link #GROUP}
 */
record ChannelsLastBf16(long pixels, int channels) implements BatchNormKernels.Rows {

    /** Channels of one load. */
    static final int GROUP = Bfloat16.PAIRED;
    private static final int HALF = GROUP / 2;
    private static final int LINE = 64;         // bytes
    private static final int WIDE = 512;        // elements of a row

    /** What {@link #touch} found, which keeps the compiler from leaving it out. */
    @SuppressWarnings("unused")
    private static volatile int touched;

    private PixelRows single() {
        return new PixelRows(pixels, channels);
    }

    /** Of so many pixels that a row is wide, if they come out even. */
    private PixelRows wide() {
        int fold = 1;
        while (2 * fold * channels <= WIDE && pixels % (2 * fold) == 0) {
            fold *= 2;
        }
        return new PixelRows(pixels / fold, channels * fold);
    }

    /** Where the number of an element is: those of a load's even elements come first, then those of its odd ones. */
    private static int place(int element) {
        return element / GROUP * GROUP + element % 2 * HALF + element % GROUP / 2;
    }

    /**
     * The channels' numbers for every element of a row. NaN becomes the one whose lower half is 0: rounding then keeps
     * every NaN that comes of it.
     */
    private float[] placed(float[] values, PixelRows rows) {
        float[] placed = new float[rows.width()];
        for (int i = 0; i < placed.length; i++) {
            placed[place(i)] = Float.intBitsToFloat(Float.floatToIntBits(values[i % channels]));
        }
        return placed;
    }

    private static FloatVector at(float[] values, int index) {
        return FloatVector.fromArray(Lanes.F32, values, index);
    }

    /** Chunk means and centred squares, combined in order by Chan, Golub and LeVeque (1979). */
    @Override
    public void statistics(FloatRows x, double[] mean, double[] variance) {
        PixelRows rows = single();
        RowChunks chunks = rows.chunks();
        float[][] sums = new float[chunks.number()][channels];
        float[][] squares = new float[chunks.number()][channels];
        float[][] shifts = new float[chunks.number()][channels];
        Parallel.forRange(chunks.number(), 1, (from, to) -> {
            for (int k = (int) from; k < to; k++) {
                float[] shift = shifts[k];
                float[] sum = sums[k];
                float[] square = squares[k];
                widen(rows.rows(x, chunks.start(k), 1), shift);
                rows.eachBlock(k, (blocks, end) -> {
                    touched = touch(blocks[0], end);
                    addRows(blocks[0], end, shift, sum, square);
                }, x);
            }
        });
        double[] means = new double[channels];
        double[] centred = new double[channels];
        double count = 0;
        for (int k = 0; k < chunks.number(); k++) {
            combine(count, means, centred, chunks.count(k), shifts[k], sums[k], squares[k]);
            count += chunks.count(k);
        }
        for (int c = 0; c < channels; c++) {
            mean[c] = means[place(c)];
            variance[c] = centred[place(c)] / pixels;
        }
    }

    /** One row's numbers: what the sums of a chunk are shifted by. */
    private static void widen(MemorySegment row, float[] numbers) {
        for (int c = 0; c < numbers.length; c += GROUP) {
            IntVector words = load(row, (long) c * Short.BYTES);
            even(words).intoArray(numbers, c);
            odd(words).intoArray(numbers, c + HALF);
        }
    }

    /**
     * Reads a word of each cache line of a block, one after the other: {@link #addRows} goes through it in steps of a
     * row, in which processors prefetch less.
     */
    private static int touch(MemorySegment block, int end) {
        int any = 0;
        for (int p = 0; p < end; p += LINE) {
            any |= block.get(ValueLayout.JAVA_INT_UNALIGNED, p);
        }
        return any;
    }

    /** A block of rows stays in the caches while one group of channels after the other sums in registers. */
    private static void addRows(MemorySegment x, int end, float[] shift, float[] sums, float[] squares) {
        int stride = sums.length * Short.BYTES;
        for (int c = 0; c < sums.length; c += GROUP) {
            FloatVector shiftEven = at(shift, c);
            FloatVector shiftOdd = at(shift, c + HALF);
            FloatVector sumEven = at(sums, c);
            FloatVector sumOdd = at(sums, c + HALF);
            FloatVector squareEven = at(squares, c);
            FloatVector squareOdd = at(squares, c + HALF);
            for (int p = c * Short.BYTES; p < end; p += stride) {
                IntVector words = load(x, p);
                FloatVector even = even(words).sub(shiftEven);
                FloatVector odd = odd(words).sub(shiftOdd);
                sumEven = sumEven.add(even);
                sumOdd = sumOdd.add(odd);
                squareEven = even.fma(even, squareEven);
                squareOdd = odd.fma(odd, squareOdd);
            }
            sumEven.intoArray(sums, c);
            sumOdd.intoArray(sums, c + HALF);
            squareEven.intoArray(squares, c);
            squareOdd.intoArray(squares, c + HALF);
        }
    }

    /** Adds n rows to the mean and the centred squares of {@code count} rows; the channels are in vectors. */
    private static void combine(double count, double[] mean, double[] centred, double n, float[] shift, float[] sums,
            float[] squares) {
        double share = n / (count + n);
        double weight = count * share;
        double inverse = 1 / n;
        for (int c = 0; c < mean.length; c++) {
            double sum = sums[c];
            double own = sum * inverse;
            double delta = shift[c] + own - mean[c];
            mean[c] += delta * share;
            centred[c] += Math.max(0, squares[c] - sum * own) + delta * delta * weight;
        }
    }

    @Override
    public void normalize(FloatRows x, float[] scale, float[] shift, Optional<FloatRows> residual,
            Activation activation, FloatRows y) {
        PixelRows rows = wide();
        short floor = activation == Activation.RELU ? Bfloat16.NEGATIVE_NAN : Short.MIN_VALUE;
        float[] slope = placed(scale, rows);
        float[] offset = placed(shift, rows);
        if (residual.isPresent()) {
            rows.backwards((b, row) -> normalizeAdd(b[0], b[1], slope, offset, floor, b[2], row), x, residual.get(),
                    y);
        } else {
            rows.backwards((b, row) -> normalize(b[0], slope, offset, floor, b[1], row), x, y);
        }
    }

    /** 0 where the bits are below: on what is rounded this takes fewer instructions than a maximum of floats. */
    private static ShortVector zeroBelow(short floor, ShortVector elements) {
        return elements.blend((short) 0, elements.compare(VectorOperators.LT, floor));
    }

    private static void normalize(MemorySegment x, float[] scale, float[] shift, short floor, MemorySegment y,
            int row) {
        for (int c = 0; c < scale.length; c += GROUP) {
            int p = row + c * Short.BYTES;
            IntVector words = load(x, p);
            FloatVector even = even(words).fma(at(scale, c), at(shift, c));
            FloatVector odd = odd(words).fma(at(scale, c + HALF), at(shift, c + HALF));
            store(zeroBelow(floor, rounded(even, odd)), y, p);
        }
    }

    private static void normalizeAdd(MemorySegment x, MemorySegment residual, float[] scale, float[] shift,
            short floor, MemorySegment y, int row) {
        for (int c = 0; c < scale.length; c += GROUP) {
            int p = row + c * Short.BYTES;
            IntVector words = load(x, p);
            IntVector added = load(residual, p);
            FloatVector even = even(words).fma(at(scale, c), at(shift, c)).add(even(added));
            FloatVector odd = odd(words).fma(at(scale, c + HALF), at(shift, c + HALF)).add(odd(added));
            store(zeroBelow(floor, rounded(even, odd)), y, p);
        }
    }

    @Override
    public void gradientSums(FloatRows dy, FloatRows x, Optional<FloatRows> y, Optional<FloatRows> masked,
            float[] mean, double[] sum, double[] product) {
        PixelRows rows = wide();
        RowChunks chunks = rows.chunks();
        float[][] sums = new float[chunks.number()][rows.width()];
        float[][] products = new float[chunks.number()][rows.width()];
        float[] means = placed(mean, rows);
        Parallel.forRange(chunks.number(), 1, (from, to) -> {
            for (int k = (int) from; k < to; k++) {
                float[] s = sums[k];
                float[] p = products[k];
                if (masked.isPresent()) {
                    rows.eachRow(k, (b, row) -> sumMaskedRow(b[0], b[1], b[2], b[3], row, means, s, p), dy, x,
                            y.orElseThrow(), masked.get());
                } else {
                    rows.eachRow(k, (b, row) -> sumRow(b[0], b[1], row, means, s, p), dy, x);
                }
            }
        });
        addTo(sum, sums);
        addTo(product, products);
    }

    /** Adds what the chunks have for each element of a row to its channel. */
    private void addTo(double[] channelSums, float[][] chunks) {
        double[] totals = new double[chunks[0].length];
        for (float[] chunk : chunks) {
            for (int i = 0; i < totals.length; i++) {
                totals[i] += chunk[i];
            }
        }
        for (int i = 0; i < totals.length; i++) {
            channelSums[i % channels] += totals[place(i)];
        }
    }

    @Override
    public BatchNormKernels.Masking masking() {
        return BatchNormKernels.Masking.WRITTEN;
    }

    /** {@link #sumRow} of the gradient where the activation let it through, which is written on the way. */
    private static void sumMaskedRow(MemorySegment dy, MemorySegment x, MemorySegment y, MemorySegment masked,
            int row, float[] mean, float[] sums, float[] products) {
        for (int c = 0; c < sums.length; c += GROUP) {
            int p = row + c * Short.BYTES;
            ShortVector out = load(y, p).reinterpretAsShorts();
            ShortVector open = load(dy, p).reinterpretAsShorts().blend((short) 0, Bfloat16.atMostZero(out));
            store(open, masked, p);
            sum(open.reinterpretAsInts(), load(x, p), c, mean, sums, products);
        }
    }

    private static void sumRow(MemorySegment dy, MemorySegment x, int row, float[] mean, float[] sums,
            float[] products) {
        for (int c = 0; c < sums.length; c += GROUP) {
            int p = row + c * Short.BYTES;
            sum(load(dy, p), load(x, p), c, mean, sums, products);
        }
    }

    private static void sum(IntVector dy, IntVector x, int c, float[] mean, float[] sums, float[] products) {
        FloatVector even = even(dy);
        FloatVector odd = odd(dy);
        at(sums, c).add(even).intoArray(sums, c);
        at(sums, c + HALF).add(odd).intoArray(sums, c + HALF);
        even.fma(even(x).sub(at(mean, c)), at(products, c)).intoArray(products, c);
        odd.fma(odd(x).sub(at(mean, c + HALF)), at(products, c + HALF)).intoArray(products, c + HALF);
    }

    @Override
    public void inputGradient(FloatRows dy, FloatRows x, Optional<FloatRows> y, float[] a, float[] b, float[] c,
            FloatRows dx) {
        PixelRows rows = wide();
        float[] slope = placed(a, rows);
        float[] slopeOfX = placed(b, rows);
        float[] offset = placed(c, rows);
        rows.backwards((s, row) -> inputGradient(s[0], s[1], slope, slopeOfX, offset, s[2], row), dy, x, dx);
    }

    private static void inputGradient(MemorySegment dy, MemorySegment x, float[] a, float[] b, float[] c,
            MemorySegment dx, int row) {
        for (int k = 0; k < a.length; k += GROUP) {
            int p = row + k * Short.BYTES;
            IntVector g = load(dy, p);
            IntVector in = load(x, p);
            store(even(g).fma(at(a, k), even(in).fma(at(b, k), at(c, k))),
                    odd(g).fma(at(a, k + HALF), odd(in).fma(at(b, k + HALF), at(c, k + HALF))), dx, p);
        }
    }
}
