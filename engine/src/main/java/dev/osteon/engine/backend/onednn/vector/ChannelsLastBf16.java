package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Bfloat16.even;
import static dev.osteon.engine.backend.onednn.vector.Bfloat16.load;
import static dev.osteon.engine.backend.onednn.vector.Bfloat16.odd;
import static dev.osteon.engine.backend.onednn.vector.Bfloat16.store;

import dev.osteon.engine.op.Activation;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Batch-norm's passes over bfloat16 [pixels, channels], computed in float32. One load brings as many pairs of channels
 * as a vector has floats: the upper halves of the words are the odd channels as they are, the lower ones, shifted up,
 * the even ones, and what belongs to a channel is kept apart in the same way. A block of rows stays in the first-level
 * cache while one group of channels after the other goes through it, its sums in registers. Each pass is a loop of its
 * own: one that takes its arithmetic as a lambda is not inlined, and boxes every vector.
 *
 * @param channels a multiple of {@link #GROUP}
 */
record ChannelsLastBf16(long pixels, int channels) implements BatchNormKernels.Rows {

    /** Channels of one load. */
    static final int GROUP = Bfloat16.PAIRED;
    private static final int BLOCK = 8192;      // elements, 16 KiB

    /** Values of each channel, those of even and of odd channels apart. */
    private record Halves(float[] even, float[] odd) {

        static Halves zeros(int channels) {
            return new Halves(new float[channels / 2], new float[channels / 2]);
        }

        /** NaN becomes the one whose lower half is 0: rounding then keeps every NaN that comes of it. */
        static Halves of(float[] values) {
            Halves halves = zeros(values.length);
            for (int i = 0; i < values.length / 2; i++) {
                halves.even[i] = Float.intBitsToFloat(Float.floatToIntBits(values[2 * i]));
                halves.odd[i] = Float.intBitsToFloat(Float.floatToIntBits(values[2 * i + 1]));
            }
            return halves;
        }

        float of(int channel) {
            return channel % 2 == 0 ? even[channel / 2] : odd[channel / 2];
        }
    }

    private interface Block {
        void run(MemorySegment[] blocks, int rows);
    }

    private RowChunks chunks() {
        return new RowChunks(pixels);
    }

    private MemorySegment rows(FloatRows all, long first, int count) {
        return all.data().asSlice(first * channels * Short.BYTES, (long) count * channels * Short.BYTES);
    }

    private void eachBlock(int chunk, Block body, FloatRows... tensors) {
        int step = Math.max(1, BLOCK / channels);
        int count = chunks().count(chunk);
        for (int r = 0; r < count; r += step) {
            int rows = Math.min(step, count - r);
            MemorySegment[] blocks = new MemorySegment[tensors.length];
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = rows(tensors[i], chunks().start(chunk) + r, rows);
            }
            body.run(blocks, rows);
        }
    }

    /** From the end: what the pass before read last is still in the caches. */
    private void backwards(Block body, FloatRows... tensors) {
        Parallel.forRange(chunks().number(), 1, (from, to) -> {
            for (int k = (int) to - 1; k >= from; k--) {
                eachBlock(k, body, tensors);
            }
        });
    }

    private static FloatVector at(float[] values, int index) {
        return FloatVector.fromArray(Lanes.F32, values, index);
    }

    /** Chunk means and centred squares, combined in order by Chan, Golub and LeVeque (1979). */
    @Override
    public void statistics(FloatRows x, double[] mean, double[] variance) {
        RowChunks chunks = chunks();
        Halves[] sums = new Halves[chunks.number()];
        Halves[] squares = new Halves[chunks.number()];
        Halves[] shifts = new Halves[chunks.number()];
        Parallel.forRange(chunks.number(), 1, (from, to) -> {
            for (int k = (int) from; k < to; k++) {
                Halves shift = firstRow(x, k);
                Halves sum = Halves.zeros(channels);
                Halves square = Halves.zeros(channels);
                eachBlock(k, (blocks, rows) -> addRows(blocks[0], rows, shift, sum, square), x);
                shifts[k] = shift;
                sums[k] = sum;
                squares[k] = square;
            }
        });
        double count = 0;
        for (int k = 0; k < chunks.number(); k++) {
            double n = chunks().count(k);
            double total = count + n;
            for (int c = 0; c < channels; c++) {
                double sum = sums[k].of(c);
                double delta = shifts[k].of(c) + sum / n - mean[c];
                mean[c] += delta * n / total;
                variance[c] += Math.max(0, squares[k].of(c) - sum * sum / n) + delta * delta * count * n / total;
            }
            count = total;
        }
        for (int c = 0; c < channels; c++) {
            variance[c] /= pixels;
        }
    }

    /** What the sums of a chunk are shifted by. */
    private Halves firstRow(FloatRows x, int chunk) {
        Halves halves = Halves.zeros(channels);
        MemorySegment row = rows(x, chunks().start(chunk), 1);
        for (int c = 0; c < channels; c += GROUP) {
            IntVector words = load(row, (long) c * Short.BYTES);
            even(words).intoArray(halves.even, c / 2);
            odd(words).intoArray(halves.odd, c / 2);
        }
        return halves;
    }

    private void addRows(MemorySegment x, int rows, Halves shift, Halves sums, Halves squares) {
        int stride = channels * Short.BYTES;
        for (int c = 0; c < channels; c += GROUP) {
            int h = c / 2;
            FloatVector shiftEven = at(shift.even, h);
            FloatVector shiftOdd = at(shift.odd, h);
            FloatVector sumEven = at(sums.even, h);
            FloatVector sumOdd = at(sums.odd, h);
            FloatVector squareEven = at(squares.even, h);
            FloatVector squareOdd = at(squares.odd, h);
            int p = c * Short.BYTES;
            for (int r = 0; r < rows; r++, p += stride) {
                IntVector words = load(x, p);
                FloatVector even = even(words).sub(shiftEven);
                FloatVector odd = odd(words).sub(shiftOdd);
                sumEven = sumEven.add(even);
                sumOdd = sumOdd.add(odd);
                squareEven = even.fma(even, squareEven);
                squareOdd = odd.fma(odd, squareOdd);
            }
            sumEven.intoArray(sums.even, h);
            sumOdd.intoArray(sums.odd, h);
            squareEven.intoArray(squares.even, h);
            squareOdd.intoArray(squares.odd, h);
        }
    }

    @Override
    public void normalize(FloatRows x, float[] scale, float[] shift, Optional<FloatRows> residual,
            Activation activation, FloatRows y) {
        float floor = activation == Activation.RELU ? 0 : Float.NEGATIVE_INFINITY;
        Halves slope = Halves.of(scale);
        Halves offset = Halves.of(shift);
        if (residual.isPresent()) {
            backwards((blocks, rows) -> normalizeAdd(blocks[0], blocks[1], slope, offset, floor, blocks[2], rows), x,
                    residual.get(), y);
        } else {
            backwards((blocks, rows) -> normalize(blocks[0], slope, offset, floor, blocks[1], rows), x, y);
        }
    }

    private void normalize(MemorySegment x, Halves scale, Halves shift, float floor, MemorySegment y, int rows) {
        int stride = channels * Short.BYTES;
        for (int c = 0; c < channels; c += GROUP) {
            FloatVector scaleEven = at(scale.even, c / 2);
            FloatVector scaleOdd = at(scale.odd, c / 2);
            FloatVector shiftEven = at(shift.even, c / 2);
            FloatVector shiftOdd = at(shift.odd, c / 2);
            int p = c * Short.BYTES;
            for (int r = 0; r < rows; r++, p += stride) {
                IntVector words = load(x, p);
                store(even(words).fma(scaleEven, shiftEven).max(floor), odd(words).fma(scaleOdd, shiftOdd).max(floor),
                        y, p);
            }
        }
    }

    private void normalizeAdd(MemorySegment x, MemorySegment residual, Halves scale, Halves shift, float floor,
            MemorySegment y, int rows) {
        int stride = channels * Short.BYTES;
        for (int c = 0; c < channels; c += GROUP) {
            FloatVector scaleEven = at(scale.even, c / 2);
            FloatVector scaleOdd = at(scale.odd, c / 2);
            FloatVector shiftEven = at(shift.even, c / 2);
            FloatVector shiftOdd = at(shift.odd, c / 2);
            int p = c * Short.BYTES;
            for (int r = 0; r < rows; r++, p += stride) {
                IntVector words = load(x, p);
                IntVector added = load(residual, p);
                store(even(words).fma(scaleEven, shiftEven).add(even(added)).max(floor),
                        odd(words).fma(scaleOdd, shiftOdd).add(odd(added)).max(floor), y, p);
            }
        }
    }

    @Override
    public void gradientSums(FloatRows dy, FloatRows x, Optional<FloatRows> y, Optional<FloatRows> masked,
            float[] mean, double[] sum, double[] product) {
        RowChunks chunks = chunks();
        Halves[] sums = new Halves[chunks.number()];
        Halves[] products = new Halves[chunks.number()];
        Halves means = Halves.of(mean);
        Parallel.forRange(chunks.number(), 1, (from, to) -> {
            for (int k = (int) from; k < to; k++) {
                Halves s = Halves.zeros(channels);
                Halves p = Halves.zeros(channels);
                sums[k] = s;
                products[k] = p;
                if (masked.isPresent()) {
                    eachBlock(k, (b, rows) -> {
                        mask(b[0], b[2], b[3], rows);
                        sumRows(b[3], b[1], rows, means, s, p);
                    }, dy, x, y.orElseThrow(), masked.get());
                } else {
                    eachBlock(k, (b, rows) -> sumRows(b[0], b[1], rows, means, s, p), dy, x);
                }
            }
        });
        for (int k = 0; k < chunks.number(); k++) {
            for (int c = 0; c < channels; c++) {
                sum[c] += sums[k].of(c);
                product[c] += products[k].of(c);
            }
        }
    }

    @Override
    public BatchNormKernels.Masking masking() {
        return BatchNormKernels.Masking.WRITTEN;
    }

    /** Keeps the gradient where the activation let it through. */
    private void mask(MemorySegment dy, MemorySegment y, MemorySegment masked, int rows) {
        int end = rows * channels * Short.BYTES;
        for (int p = 0; p < end; p += GROUP * Short.BYTES) {
            IntVector g = load(dy, p);
            IntVector out = load(y, p);
            store(even(g).blend(0f, even(out).compare(VectorOperators.LE, 0f)),
                    odd(g).blend(0f, odd(out).compare(VectorOperators.LE, 0f)), masked, p);
        }
    }

    private void sumRows(MemorySegment dy, MemorySegment x, int rows, Halves mean, Halves sums, Halves products) {
        int stride = channels * Short.BYTES;
        for (int c = 0; c < channels; c += GROUP) {
            int h = c / 2;
            FloatVector meanEven = at(mean.even, h);
            FloatVector meanOdd = at(mean.odd, h);
            FloatVector sumEven = at(sums.even, h);
            FloatVector sumOdd = at(sums.odd, h);
            FloatVector productEven = at(products.even, h);
            FloatVector productOdd = at(products.odd, h);
            int p = c * Short.BYTES;
            for (int r = 0; r < rows; r++, p += stride) {
                IntVector g = load(dy, p);
                IntVector in = load(x, p);
                sumEven = sumEven.add(even(g));
                sumOdd = sumOdd.add(odd(g));
                productEven = even(g).fma(even(in).sub(meanEven), productEven);
                productOdd = odd(g).fma(odd(in).sub(meanOdd), productOdd);
            }
            sumEven.intoArray(sums.even, h);
            sumOdd.intoArray(sums.odd, h);
            productEven.intoArray(products.even, h);
            productOdd.intoArray(products.odd, h);
        }
    }

    @Override
    public void inputGradient(FloatRows dy, FloatRows x, Optional<FloatRows> y, float[] a, float[] b, float[] c,
            FloatRows dx) {
        Halves[] line = {Halves.of(a), Halves.of(b), Halves.of(c)};
        backwards((blocks, rows) -> inputGradient(blocks[0], blocks[1], line, blocks[2], rows), dy, x, dx);
    }

    private void inputGradient(MemorySegment dy, MemorySegment x, Halves[] line, MemorySegment dx, int rows) {
        int stride = channels * Short.BYTES;
        for (int c = 0; c < channels; c += GROUP) {
            FloatVector aEven = at(line[0].even, c / 2);
            FloatVector aOdd = at(line[0].odd, c / 2);
            FloatVector bEven = at(line[1].even, c / 2);
            FloatVector bOdd = at(line[1].odd, c / 2);
            FloatVector cEven = at(line[2].even, c / 2);
            FloatVector cOdd = at(line[2].odd, c / 2);
            int p = c * Short.BYTES;
            for (int r = 0; r < rows; r++, p += stride) {
                IntVector g = load(dy, p);
                IntVector in = load(x, p);
                store(even(g).fma(aEven, even(in).fma(bEven, cEven)), odd(g).fma(aOdd, odd(in).fma(bOdd, cOdd)), dx,
                        p);
            }
        }
    }
}
