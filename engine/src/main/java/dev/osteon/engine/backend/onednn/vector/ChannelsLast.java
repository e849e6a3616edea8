package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Lanes.load;
import static dev.osteon.engine.backend.onednn.vector.Lanes.store;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.op.Activation;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Batch-norm's passes over [pixels, channels]: vectors run along the channels. */
record ChannelsLast(long pixels, int channels) implements BatchNormKernels.Rows {

    /** Elements per chunk: fits the first-level caches, so that a second look at a chunk costs no memory traffic. */
    private static final int CHUNK = 1 << 13;

    private int rowsPerChunk() {
        return Math.max(8, CHUNK / channels);
    }

    private int chunks() {
        return Math.toIntExact((pixels + rowsPerChunk() - 1) / rowsPerChunk());
    }

    private long end(int chunk) {
        return Math.min(pixels, (chunk + 1L) * rowsPerChunk());
    }

    /** Chunk means and centred squares, combined in order by Chan, Golub and LeVeque (1979). */
    @Override
    public void statistics(MemorySegment x, double[] mean, double[] variance) {
        int chunks = chunks();
        float[] means = new float[chunks * channels];
        float[] squares = new float[chunks * channels];
        Parallel.forRange(chunks, 4, (from, to) -> {
            for (int k = (int) from; k < to; k++) {
                chunkStatistics(x, k, means, squares);
            }
        });
        double[] m2 = variance;
        double count = 0;
        for (int k = 0; k < chunks; k++) {
            double n = end(k) - (long) k * rowsPerChunk();
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

    private void chunkStatistics(MemorySegment x, int chunk, float[] means, float[] squares) {
        long first = (long) chunk * rowsPerChunk();
        long last = end(chunk);
        float inverse = 1f / (last - first);
        int at = chunk * channels;
        int c = 0;
        for (; c + Lanes.COUNT <= channels; c += Lanes.COUNT) {
            FloatVector sum = FloatVector.zero(Lanes.F32);
            for (long r = first; r < last; r++) {
                sum = sum.add(load(x, r * channels + c));
            }
            FloatVector mean = sum.mul(inverse);
            FloatVector square = FloatVector.zero(Lanes.F32);
            for (long r = first; r < last; r++) {
                FloatVector d = load(x, r * channels + c).sub(mean);
                square = d.fma(d, square);
            }
            mean.intoArray(means, at + c);
            square.intoArray(squares, at + c);
        }
        for (; c < channels; c++) {
            float sum = 0;
            for (long r = first; r < last; r++) {
                sum += at(x, r * channels + c);
            }
            float mean = sum * inverse;
            float square = 0;
            for (long r = first; r < last; r++) {
                float d = at(x, r * channels + c) - mean;
                square = Math.fma(d, d, square);
            }
            means[at + c] = mean;
            squares[at + c] = square;
        }
    }

    @Override
    public void normalize(MemorySegment x, float[] scale, float[] shift, Optional<MemorySegment> residual,
            Activation activation, MemorySegment y) {
        boolean relu = activation == Activation.RELU;
        Parallel.forRange(chunks(), 4, (from, to) -> {
            long first = from * rowsPerChunk();
            long last = end((int) to - 1);
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
        Parallel.forRange(chunks, 4, (from, to) -> {
            for (int k = (int) from; k < to; k++) {
                if (y.isEmpty()) {
                    chunkSums(dy, x, k, mean, sums, products);
                } else if (masked.isEmpty()) {
                    chunkSumsMasked(dy, x, y.get(), k, mean, sums, products);
                } else {
                    mask(dy, y.get(), masked.get(), k);
                    chunkSums(masked.get(), x, k, mean, sums, products);
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

    private void chunkSums(MemorySegment dy, MemorySegment x, int chunk, float[] mean, float[] sums, float[] products) {
        long first = (long) chunk * rowsPerChunk();
        long last = end(chunk);
        int at = chunk * channels;
        int c = 0;
        for (; c + Lanes.COUNT <= channels; c += Lanes.COUNT) {
            FloatVector m = FloatVector.fromArray(Lanes.F32, mean, c);
            FloatVector sum = FloatVector.zero(Lanes.F32);
            FloatVector product = FloatVector.zero(Lanes.F32);
            for (long r = first; r < last; r++) {
                FloatVector g = load(dy, r * channels + c);
                sum = sum.add(g);
                product = g.fma(load(x, r * channels + c).sub(m), product);
            }
            sum.intoArray(sums, at + c);
            product.intoArray(products, at + c);
        }
        for (; c < channels; c++) {
            float sum = 0;
            float product = 0;
            for (long r = first; r < last; r++) {
                float g = at(dy, r * channels + c);
                sum += g;
                product = Math.fma(g, at(x, r * channels + c) - mean[c], product);
            }
            sums[at + c] = sum;
            products[at + c] = product;
        }
    }

    private void chunkSumsMasked(MemorySegment dy, MemorySegment x, MemorySegment y, int chunk, float[] mean,
            float[] sums, float[] products) {
        long first = (long) chunk * rowsPerChunk();
        long last = end(chunk);
        int at = chunk * channels;
        int c = 0;
        FloatVector zero = FloatVector.zero(Lanes.F32);
        for (; c + Lanes.COUNT <= channels; c += Lanes.COUNT) {
            FloatVector m = FloatVector.fromArray(Lanes.F32, mean, c);
            FloatVector sum = zero;
            FloatVector product = zero;
            for (long r = first; r < last; r++) {
                VectorMask<Float> open = load(y, r * channels + c).compare(VectorOperators.GT, 0f);
                FloatVector g = zero.blend(load(dy, r * channels + c), open);
                sum = sum.add(g);
                product = g.fma(load(x, r * channels + c).sub(m), product);
            }
            sum.intoArray(sums, at + c);
            product.intoArray(products, at + c);
        }
        for (; c < channels; c++) {
            float sum = 0;
            float product = 0;
            for (long r = first; r < last; r++) {
                float g = at(y, r * channels + c) > 0 ? at(dy, r * channels + c) : 0;
                sum += g;
                product = Math.fma(g, at(x, r * channels + c) - mean[c], product);
            }
            sums[at + c] = sum;
            products[at + c] = product;
        }
    }

    private void mask(MemorySegment dy, MemorySegment y, MemorySegment masked, int chunk) {
        long last = end(chunk) * channels;
        long i = (long) chunk * rowsPerChunk() * channels;
        FloatVector zero = FloatVector.zero(Lanes.F32);
        for (; i + Lanes.COUNT <= last; i += Lanes.COUNT) {
            store(zero.blend(load(dy, i), load(y, i).compare(VectorOperators.GT, 0f)), masked, i);
        }
        for (; i < last; i++) {
            put(masked, i, at(y, i) > 0 ? at(dy, i) : 0);
        }
    }

    @Override
    public void inputGradient(MemorySegment dy, MemorySegment x, Optional<MemorySegment> y, float[] a, float[] b,
            float[] c, MemorySegment dx) {
        Parallel.forRange(chunks(), 4, (from, to) -> {
            long first = from * rowsPerChunk();
            long last = end((int) to - 1);
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
        FloatVector zero = FloatVector.zero(Lanes.F32);
        for (long r = first; r < last; r++) {
            long row = r * channels;
            int k = 0;
            for (; k + Lanes.COUNT <= channels; k += Lanes.COUNT) {
                FloatVector v = load(x, row + k).fma(FloatVector.fromArray(Lanes.F32, b, k),
                        FloatVector.fromArray(Lanes.F32, c, k));
                FloatVector g = zero.blend(load(dy, row + k), load(y, row + k).compare(VectorOperators.GT, 0f));
                store(g.fma(FloatVector.fromArray(Lanes.F32, a, k), v), dx, row + k);
            }
            for (; k < channels; k++) {
                float g = at(y, row + k) > 0 ? at(dy, row + k) : 0;
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
