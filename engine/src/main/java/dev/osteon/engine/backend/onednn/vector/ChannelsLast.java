package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Lanes.load;
import static dev.osteon.engine.backend.onednn.vector.Lanes.store;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.op.Activation;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** Batch-norm's passes over [pixels, channels]: vectors run along the channels. */
record ChannelsLast(long pixels, int channels) implements BatchNormKernels.Rows {


    private RowChunks chunks() {
        return new RowChunks(pixels);
    }

    /** Some rows, at most {@link RowChunks#MOST_ROWS}: their elements are counted by an int, which compiles well. */
    private interface Block {
        void run(long first, int rows);
    }

    /** A chunk's rows, as many at a time as its element type allows. */
    private void eachBlock(int chunk, FloatRows like, Block body) {
        int step = like.rowsAtOnce(RowChunks.MOST_ROWS);
        long end = chunks().end(chunk);
        for (long r = chunks().start(chunk); r < end; r += step) {
            body.run(r, (int) Math.min(step, end - r));
        }
    }

    /** A second pass over the data, from the end: what the first pass read last is still in the caches. */
    private void backwards(FloatRows like, Block body) {
        Parallel.forRange(chunks().number(), 1, (from, to) -> {
            for (int k = (int) to - 1; k >= from; k--) {
                eachBlock(k, like, body);
            }
        });
    }

    /** Chunk means and centred squares, combined in order by Chan, Golub and LeVeque (1979). */
    @Override
    public void statistics(FloatRows x, double[] mean, double[] variance) {
        RowChunks chunks = chunks();
        float[] means = new float[chunks.number() * channels];
        float[] squares = new float[chunks.number() * channels];
        Parallel.forRange(chunks.number(), 1, (from, to) -> {
            for (int k = (int) from; k < to; k++) {
                chunkStatistics(x, k, means, squares);
            }
        });
        double[] m2 = variance;
        double count = 0;
        for (int k = 0; k < chunks.number(); k++) {
            double n = chunks().end(k) - chunks().start(k);
            double total = count + n;
            for (int c = 0; c < channels; c++) {
                double delta = means[k * channels + c] - mean[c];
                mean[c] += delta * n / total;
                m2[c] += squares[k * channels + c] + delta * delta * count * n / total;
            }
            count = total;
        }
        for (int c = 0; c < channels; c++) {
            variance[c] = m2[c] / pixels;
        }
    }

    /** Mean and centred squares in one pass, by way of sums shifted by the chunk's first row. */
    private void chunkStatistics(FloatRows x, int chunk, float[] means, float[] squares) {
        int at = chunk * channels;
        float[] shift = new float[channels];
        MemorySegment.copy(x.read(chunks().start(chunk), 1, 0), JAVA_FLOAT_UNALIGNED, 0, shift, 0, channels);
        eachBlock(chunk, x, (first, rows) -> {
            MemorySegment block = x.read(first, rows, 0);
            for (int row = first == chunks().start(chunk) ? channels : 0; row < rows * channels; row += channels) {
                addRow(block, row, shift, means, squares, at);
            }
        });
        float inverse = 1f / chunks().count(chunk);
        for (int c = 0; c < channels; c++) {
            float sum = means[at + c];
            squares[at + c] = Math.max(0, squares[at + c] - sum * sum * inverse);
            means[at + c] = shift[c] + sum * inverse;
        }
    }

    private void addRow(MemorySegment rows, int row, float[] shift, float[] sums, float[] squares, int at) {
        int c = 0;
        for (; c + Lanes.COUNT <= channels; c += Lanes.COUNT) {
            FloatVector d = load(rows, row + c).sub(FloatVector.fromArray(Lanes.F32, shift, c));
            FloatVector.fromArray(Lanes.F32, sums, at + c).add(d).intoArray(sums, at + c);
            d.fma(d, FloatVector.fromArray(Lanes.F32, squares, at + c)).intoArray(squares, at + c);
        }
        for (; c < channels; c++) {
            float d = at(rows, row + c) - shift[c];
            sums[at + c] += d;
            squares[at + c] = Math.fma(d, d, squares[at + c]);
        }
    }

    @Override
    public void normalize(FloatRows x, float[] scale, float[] shift, Optional<FloatRows> residual,
            Activation activation, FloatRows y) {
        float floor = activation == Activation.RELU ? 0 : Float.NEGATIVE_INFINITY;
        backwards(x, (first, rows) -> {
            MemorySegment in = x.read(first, rows, 0);
            MemorySegment out = y.target(first, rows, 1);
            if (residual.isPresent()) {
                normalizeAdd(in, scale, shift, residual.get().read(first, rows, 2), floor, out, rows * channels);
            } else {
                normalize(in, scale, shift, floor, out, rows * channels);
            }
            y.written(out, first, rows);
        });
    }

    private void normalize(MemorySegment x, float[] scale, float[] shift, float floor, MemorySegment y, int end) {
        for (int row = 0; row < end; row += channels) {
            int c = 0;
            for (; c + Lanes.COUNT <= channels; c += Lanes.COUNT) {
                FloatVector v = load(x, row + c).fma(FloatVector.fromArray(Lanes.F32, scale, c),
                        FloatVector.fromArray(Lanes.F32, shift, c));
                store(v.max(floor), y, row + c);
            }
            for (; c < channels; c++) {
                put(y, row + c, Math.max(floor, Math.fma(at(x, row + c), scale[c], shift[c])));
            }
        }
    }

    private void normalizeAdd(MemorySegment x, float[] scale, float[] shift, MemorySegment residual, float floor,
            MemorySegment y, int end) {
        for (int row = 0; row < end; row += channels) {
            int c = 0;
            for (; c + Lanes.COUNT <= channels; c += Lanes.COUNT) {
                FloatVector v = load(x, row + c).fma(FloatVector.fromArray(Lanes.F32, scale, c),
                        FloatVector.fromArray(Lanes.F32, shift, c)).add(load(residual, row + c));
                store(v.max(floor), y, row + c);
            }
            for (; c < channels; c++) {
                float v = Math.fma(at(x, row + c), scale[c], shift[c]) + at(residual, row + c);
                put(y, row + c, Math.max(floor, v));
            }
        }
    }

    @Override
    public void gradientSums(FloatRows dy, FloatRows x, Optional<FloatRows> y, Optional<FloatRows> masked,
            float[] mean, double[] sum, double[] product) {
        RowChunks chunks = chunks();
        float[] sums = new float[chunks.number() * channels];
        float[] products = new float[chunks.number() * channels];
        Parallel.forRange(chunks.number(), 1, (from, to) -> {
            for (int k = (int) from; k < to; k++) {
                chunkSums(dy, x, y, masked, k, mean, sums, products);
            }
        });
        for (int k = 0; k < chunks.number(); k++) {
            for (int c = 0; c < channels; c++) {
                sum[c] += sums[k * channels + c];
                product[c] += products[k * channels + c];
            }
        }
    }

    private void chunkSums(FloatRows dy, FloatRows x, Optional<FloatRows> y, Optional<FloatRows> masked, int chunk,
            float[] mean, float[] sums, float[] products) {
        int at = chunk * channels;
        eachBlock(chunk, x, (first, rows) -> {
            MemorySegment gradients = dy.read(first, rows, 0);
            MemorySegment inputs = x.read(first, rows, 1);
            int end = rows * channels;
            if (masked.isPresent()) {
                MemorySegment outputs = y.orElseThrow().read(first, rows, 2);
                MemorySegment kept = masked.get().target(first, rows, 3);
                for (int row = 0; row < end; row += channels) {
                    maskRow(gradients, outputs, kept, row);
                    sumRow(kept, inputs, row, mean, sums, products, at);
                }
                masked.get().written(kept, first, rows);
            } else if (y.isPresent()) {
                MemorySegment outputs = y.get().read(first, rows, 2);
                for (int row = 0; row < end; row += channels) {
                    sumOpenRow(gradients, inputs, outputs, row, mean, sums, products, at);
                }
            } else {
                for (int row = 0; row < end; row += channels) {
                    sumRow(gradients, inputs, row, mean, sums, products, at);
                }
            }
        });
    }

    private void maskRow(MemorySegment dy, MemorySegment y, MemorySegment masked, int row) {
        int c = 0;
        for (; c + Lanes.COUNT <= channels; c += Lanes.COUNT) {
            store(open(load(dy, row + c), y, row + c), masked, row + c);
        }
        for (; c < channels; c++) {
            put(masked, row + c, at(y, row + c) <= 0 ? 0 : at(dy, row + c));
        }
    }

    private void sumRow(MemorySegment dy, MemorySegment x, int row, float[] mean, float[] sums, float[] products,
            int at) {
        int c = 0;
        for (; c + Lanes.COUNT <= channels; c += Lanes.COUNT) {
            add(load(dy, row + c), load(x, row + c), mean, c, sums, products, at);
        }
        for (; c < channels; c++) {
            float g = at(dy, row + c);
            sums[at + c] += g;
            products[at + c] = Math.fma(g, at(x, row + c) - mean[c], products[at + c]);
        }
    }

    private void sumOpenRow(MemorySegment dy, MemorySegment x, MemorySegment y, int row, float[] mean, float[] sums,
            float[] products, int at) {
        int c = 0;
        for (; c + Lanes.COUNT <= channels; c += Lanes.COUNT) {
            add(open(load(dy, row + c), y, row + c), load(x, row + c), mean, c, sums, products, at);
        }
        for (; c < channels; c++) {
            float g = at(y, row + c) <= 0 ? 0 : at(dy, row + c);
            sums[at + c] += g;
            products[at + c] = Math.fma(g, at(x, row + c) - mean[c], products[at + c]);
        }
    }

    private static void add(FloatVector g, FloatVector x, float[] mean, int c, float[] sums, float[] products,
            int at) {
        FloatVector.fromArray(Lanes.F32, sums, at + c).add(g).intoArray(sums, at + c);
        g.fma(x.sub(FloatVector.fromArray(Lanes.F32, mean, c)), FloatVector.fromArray(Lanes.F32, products, at + c))
                .intoArray(products, at + c);
    }

    /** The gradient where the activation let it through. */
    private static FloatVector open(FloatVector dy, MemorySegment y, long i) {
        return dy.blend(0f, load(y, i).compare(VectorOperators.LE, 0f));
    }

    @Override
    public void inputGradient(FloatRows dy, FloatRows x, Optional<FloatRows> y, float[] a, float[] b, float[] c,
            FloatRows dx) {
        backwards(x, (first, rows) -> {
            MemorySegment gradients = dy.read(first, rows, 0);
            MemorySegment inputs = x.read(first, rows, 1);
            MemorySegment out = dx.target(first, rows, 3);
            if (y.isPresent()) {
                inputGradientMasked(gradients, inputs, y.get().read(first, rows, 2), a, b, c, out, rows * channels);
            } else {
                inputGradient(gradients, inputs, a, b, c, out, rows * channels);
            }
            dx.written(out, first, rows);
        });
    }

    private void inputGradient(MemorySegment dy, MemorySegment x, float[] a, float[] b, float[] c, MemorySegment dx,
            int end) {
        for (int row = 0; row < end; row += channels) {
            int k = 0;
            for (; k + Lanes.COUNT <= channels; k += Lanes.COUNT) {
                FloatVector v = load(x, row + k).fma(FloatVector.fromArray(Lanes.F32, b, k),
                        FloatVector.fromArray(Lanes.F32, c, k));
                store(load(dy, row + k).fma(FloatVector.fromArray(Lanes.F32, a, k), v), dx, row + k);
            }
            for (; k < channels; k++) {
                put(dx, row + k, Math.fma(at(dy, row + k), a[k], Math.fma(at(x, row + k), b[k], c[k])));
            }
        }
    }

    private void inputGradientMasked(MemorySegment dy, MemorySegment x, MemorySegment y, float[] a, float[] b,
            float[] c, MemorySegment dx, int end) {
        for (int row = 0; row < end; row += channels) {
            int k = 0;
            for (; k + Lanes.COUNT <= channels; k += Lanes.COUNT) {
                FloatVector v = load(x, row + k).fma(FloatVector.fromArray(Lanes.F32, b, k),
                        FloatVector.fromArray(Lanes.F32, c, k));
                FloatVector g = open(load(dy, row + k), y, row + k);
                store(g.fma(FloatVector.fromArray(Lanes.F32, a, k), v), dx, row + k);
            }
            for (; k < channels; k++) {
                float g = at(y, row + k) <= 0 ? 0 : at(dy, row + k);
                put(dx, row + k, Math.fma(g, a[k], Math.fma(at(x, row + k), b[k], c[k])));
            }
        }
    }

    private static float at(MemorySegment memory, long element) {
        return memory.get(JAVA_FLOAT_UNALIGNED, element * Float.BYTES);
    }

    private static void put(MemorySegment memory, long element, float value) {
        memory.set(JAVA_FLOAT_UNALIGNED, element * Float.BYTES, value);
    }
}
