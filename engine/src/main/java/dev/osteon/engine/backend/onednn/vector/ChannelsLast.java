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

    /** Vectors handled at once: four lie side by side in a row, which the hardware fetches ahead of need. */
    private static final int GROUP = 4 * Lanes.COUNT;
    private static final int PAIR = 2 * Lanes.COUNT;

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
        long first = start(chunk);
        long last = end(chunk);
        float inverse = 1f / (last - first);
        int at = chunk * channels;
        int c = 0;
        for (; c + GROUP <= channels; c += GROUP) {
            groupStatistics(x, first, last, c, inverse, at, means, squares);
        }
        for (; c < channels; c++) {
            float shift = at(x, first * channels + c);
            float sum = 0;
            float square = 0;
            for (long r = first; r < last; r++) {
                float d = at(x, r * channels + c) - shift;
                sum += d;
                square = Math.fma(d, d, square);
            }
            means[at + c] = shift + sum * inverse;
            squares[at + c] = Math.max(0, square - sum * sum * inverse);
        }
    }

    private void groupStatistics(MemorySegment x, long first, long last, int c, float inverse, int at, float[] means,
            float[] squares) {
        int w = Lanes.COUNT;
        long start = first * channels + c;
        FloatVector k0 = load(x, start);
        FloatVector k1 = load(x, start + w);
        FloatVector k2 = load(x, start + 2 * w);
        FloatVector k3 = load(x, start + 3 * w);
        FloatVector s0 = FloatVector.zero(Lanes.F32);
        FloatVector s1 = s0;
        FloatVector s2 = s0;
        FloatVector s3 = s0;
        FloatVector q0 = s0;
        FloatVector q1 = s0;
        FloatVector q2 = s0;
        FloatVector q3 = s0;
        for (long r = first; r < last; r++) {
            long row = r * channels + c;
            FloatVector d0 = load(x, row).sub(k0);
            FloatVector d1 = load(x, row + w).sub(k1);
            FloatVector d2 = load(x, row + 2 * w).sub(k2);
            FloatVector d3 = load(x, row + 3 * w).sub(k3);
            s0 = s0.add(d0);
            s1 = s1.add(d1);
            s2 = s2.add(d2);
            s3 = s3.add(d3);
            q0 = d0.fma(d0, q0);
            q1 = d1.fma(d1, q1);
            q2 = d2.fma(d2, q2);
            q3 = d3.fma(d3, q3);
        }
        unshift(k0, s0, q0, inverse, at + c, means, squares);
        unshift(k1, s1, q1, inverse, at + c + w, means, squares);
        unshift(k2, s2, q2, inverse, at + c + 2 * w, means, squares);
        unshift(k3, s3, q3, inverse, at + c + 3 * w, means, squares);
    }

    private static void unshift(FloatVector shift, FloatVector sum, FloatVector square, float inverse, int at,
            float[] means, float[] squares) {
        FloatVector mean = sum.mul(inverse);
        shift.add(mean).intoArray(means, at);
        square.sub(sum.mul(mean)).max(0).intoArray(squares, at);
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
                for (int c = 0; c < channels; c += PAIR) {
                    sums(dy, x, y, masked, k, c, mean, sums, products);
                }
            }
        });
        for (int k = 0; k < chunks; k++) {
            for (int c = 0; c < channels; c++) {
                sum[c] += sums[k * channels + c];
                product[c] += products[k * channels + c];
            }
        }
    }

    /** One chunk's sums for two vectors of channels from {@code c}, or one channel by one at the end of a row. */
    private void sums(MemorySegment dy, MemorySegment x, Optional<MemorySegment> y, Optional<MemorySegment> masked,
            int chunk, int c, float[] mean, float[] sums, float[] products) {
        if (c + PAIR <= channels) {
            sumsOfTwo(dy, x, y.orElse(dy), y.isPresent(), masked.orElse(dy), masked.isPresent(), chunk, c, mean, sums,
                    products);
        } else {
            for (int k = c; k < channels; k++) {
                sumsOfOne(dy, x, y, masked, chunk, k, mean, sums, products);
            }
        }
    }

    private void sumsOfTwo(MemorySegment dy, MemorySegment x, MemorySegment y, boolean gated, MemorySegment masked,
            boolean keeps, int chunk, int c, float[] mean, float[] sums, float[] products) {
        int w = Lanes.COUNT;
        FloatVector m0 = FloatVector.fromArray(Lanes.F32, mean, c);
        FloatVector m1 = FloatVector.fromArray(Lanes.F32, mean, c + w);
        FloatVector s0 = FloatVector.zero(Lanes.F32);
        FloatVector s1 = s0;
        FloatVector p0 = s0;
        FloatVector p1 = s0;
        long last = end(chunk);
        for (long r = start(chunk); r < last; r++) {
            long i = r * channels + c;
            FloatVector g0 = load(dy, i);
            FloatVector g1 = load(dy, i + w);
            if (gated) {
                g0 = open(g0, y, i);
                g1 = open(g1, y, i + w);
            }
            if (keeps) {
                store(g0, masked, i);
                store(g1, masked, i + w);
            }
            s0 = s0.add(g0);
            s1 = s1.add(g1);
            p0 = g0.fma(load(x, i).sub(m0), p0);
            p1 = g1.fma(load(x, i + w).sub(m1), p1);
        }
        int at = chunk * channels + c;
        s0.intoArray(sums, at);
        s1.intoArray(sums, at + w);
        p0.intoArray(products, at);
        p1.intoArray(products, at + w);
    }

    private void sumsOfOne(MemorySegment dy, MemorySegment x, Optional<MemorySegment> y,
            Optional<MemorySegment> masked, int chunk, int c, float[] mean, float[] sums, float[] products) {
        float sum = 0;
        float product = 0;
        long last = end(chunk);
        for (long r = start(chunk); r < last; r++) {
            long i = r * channels + c;
            float g = y.isPresent() && at(y.get(), i) <= 0 ? 0 : at(dy, i);
            if (masked.isPresent()) {
                put(masked.get(), i, g);
            }
            sum += g;
            product = Math.fma(g, at(x, i) - mean[c], product);
        }
        sums[chunk * channels + c] = sum;
        products[chunk * channels + c] = product;
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
