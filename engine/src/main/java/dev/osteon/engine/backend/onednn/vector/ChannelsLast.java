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

    private static final int CHUNKS = 64;
    private static final int FEWEST_ROWS = 32;
    private static final int MOST_ROWS = 512;

    /** The same for every thread count, so that sums are too; more chunks cost more to combine. */
    private int rowsPerChunk() {
        return Math.clamp(pixels / CHUNKS, FEWEST_ROWS, MOST_ROWS);
    }

    private int chunks() {
        return Math.toIntExact((pixels + rowsPerChunk() - 1) / rowsPerChunk());
    }

    private long start(int chunk) {
        return (long) chunk * rowsPerChunk();
    }

    private long end(int chunk) {
        return Math.min(pixels, (chunk + 1L) * rowsPerChunk());
    }

    private int count(int chunk) {
        return (int) (end(chunk) - start(chunk));
    }

    /** A chunk's rows, at most {@link #MOST_ROWS}: their elements are counted by an int, which compiles well. */
    private MemorySegment rows(MemorySegment all, int chunk) {
        long bytes = (long) channels * Float.BYTES;
        return all.asSlice(start(chunk) * bytes, count(chunk) * bytes);
    }

    private interface RowsBody {
        void run(long first, long last);
    }

    /** A second pass over the data, from the end: what the first pass read last is still in the caches. */
    private void backwards(RowsBody body) {
        Parallel.forRange(chunks(), 1, (from, to) -> {
            for (int k = (int) to - 1; k >= from; k--) {
                body.run(start(k), end(k));
            }
        });
    }

    /** Chunk means and centred squares, combined in order by Chan, Golub and LeVeque (1979). */
    @Override
    public void statistics(MemorySegment x, double[] mean, double[] variance) {
        int chunks = chunks();
        float[] means = new float[chunks * channels];
        float[] squares = new float[chunks * channels];
        Parallel.forRange(chunks, 1, (from, to) -> {
            for (int k = (int) from; k < to; k++) {
                chunkStatistics(x, k, means, squares);
            }
        });
        double[] m2 = variance;
        double count = 0;
        for (int k = 0; k < chunks; k++) {
            double n = end(k) - start(k);
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
    private void chunkStatistics(MemorySegment x, int chunk, float[] means, float[] squares) {
        MemorySegment rows = rows(x, chunk);
        int count = count(chunk);
        int at = chunk * channels;
        float[] shift = new float[channels];
        MemorySegment.copy(rows, JAVA_FLOAT_UNALIGNED, 0, shift, 0, channels);
        for (int r = 1; r < count; r++) {
            addRow(rows, r * channels, shift, means, squares, at);
        }
        float inverse = 1f / count;
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
    public void normalize(MemorySegment x, float[] scale, float[] shift, Optional<MemorySegment> residual,
            Activation activation, MemorySegment y) {
        boolean relu = activation == Activation.RELU;
        backwards((first, last) -> {
            if (residual.isPresent()) {
                normalizeAdd(x, scale, shift, residual.get(), relu, y, first, last);
            } else {
                normalize(x, scale, shift, relu, y, first, last);
            }
        });
    }

    private void normalize(MemorySegment x, float[] scale, float[] shift, boolean relu, MemorySegment y, long first,
            long last) {
        float floor = relu ? 0 : Float.NEGATIVE_INFINITY;
        for (long r = first; r < last; r++) {
            long row = r * channels;
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

    private void normalizeAdd(MemorySegment x, float[] scale, float[] shift, MemorySegment residual, boolean relu,
            MemorySegment y, long first, long last) {
        float floor = relu ? 0 : Float.NEGATIVE_INFINITY;
        for (long r = first; r < last; r++) {
            long row = r * channels;
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
    public void gradientSums(MemorySegment dy, MemorySegment x, Optional<MemorySegment> y,
            Optional<MemorySegment> masked, float[] mean, double[] sum, double[] product) {
        int chunks = chunks();
        float[] sums = new float[chunks * channels];
        float[] products = new float[chunks * channels];
        Parallel.forRange(chunks, 1, (from, to) -> {
            for (int k = (int) from; k < to; k++) {
                chunkSums(dy, x, y, masked, k, mean, sums, products);
            }
        });
        for (int k = 0; k < chunks; k++) {
            for (int c = 0; c < channels; c++) {
                sum[c] += sums[k * channels + c];
                product[c] += products[k * channels + c];
            }
        }
    }

    private void chunkSums(MemorySegment dy, MemorySegment x, Optional<MemorySegment> y,
            Optional<MemorySegment> masked, int chunk, float[] mean, float[] sums, float[] products) {
        MemorySegment gradients = rows(dy, chunk);
        MemorySegment inputs = rows(x, chunk);
        int at = chunk * channels;
        int end = count(chunk) * channels;
        if (masked.isPresent()) {
            MemorySegment outputs = rows(y.orElseThrow(), chunk);
            MemorySegment kept = rows(masked.get(), chunk);
            for (int row = 0; row < end; row += channels) {
                maskRow(gradients, outputs, kept, row);
                sumRow(kept, inputs, row, mean, sums, products, at);
            }
        } else if (y.isPresent()) {
            MemorySegment outputs = rows(y.get(), chunk);
            for (int row = 0; row < end; row += channels) {
                sumOpenRow(gradients, inputs, outputs, row, mean, sums, products, at);
            }
        } else {
            for (int row = 0; row < end; row += channels) {
                sumRow(gradients, inputs, row, mean, sums, products, at);
            }
        }
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
    public void inputGradient(MemorySegment dy, MemorySegment x, Optional<MemorySegment> y, float[] a, float[] b,
            float[] c, MemorySegment dx) {
        backwards((first, last) -> {
            if (y.isPresent()) {
                inputGradientMasked(dy, x, y.get(), a, b, c, dx, first, last);
            } else {
                inputGradient(dy, x, a, b, c, dx, first, last);
            }
        });
    }

    private void inputGradient(MemorySegment dy, MemorySegment x, float[] a, float[] b, float[] c, MemorySegment dx,
            long first, long last) {
        for (long r = first; r < last; r++) {
            long row = r * channels;
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
            float[] c,
            MemorySegment dx, long first, long last) {
        for (long r = first; r < last; r++) {
            long row = r * channels;
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
