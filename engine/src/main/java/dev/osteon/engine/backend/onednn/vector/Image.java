package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.function.Supplier;
import jdk.incubator.vector.FloatVector;

/** A tensor [N, C, H, W] of any layout as memory with its strides in elements; numbers are float32 or bfloat16. */
record Image(MemorySegment data, DType type, long sn, long sc, long sh, long sw, int channels, int height, int width) {

    static Image of(Tensor t) {
        long[] s = t.shape().strides(t.layout());
        return new Image(Lanes.global(t.segment()), t.dtype(), s[0], s[1], s[2], s[3], t.dim(1), t.dim(2), t.dim(3));
    }

    /** Where an element lies. */
    long at(int n, int c, int h, int w) {
        return n * sn + c * sc + h * sh + w * sw;
    }

    float get(long element) {
        return type == DType.BF16 ? Bfloat16.get(data, element)
                : data.get(JAVA_FLOAT_UNALIGNED, element * Float.BYTES);
    }

    void put(long element, float value) {
        if (type == DType.BF16) {
            Bfloat16.put(data, element, value);
        } else {
            data.set(JAVA_FLOAT_UNALIGNED, element * Float.BYTES, value);
        }
    }

    /** Writes the channels of one pixel. */
    void put(int n, int h, int w, float[] values) {
        long start = at(n, 0, h, w);
        if (sc != 1) {
            for (int c = 0; c < values.length; c++) {
                put(start + c * sc, values[c]);
            }
        } else if (type == DType.BF16) {
            Bfloat16.narrow(MemorySegment.ofArray(values), 0, data, start, values.length);
        } else {
            MemorySegment.copy(values, 0, data, JAVA_FLOAT_UNALIGNED, start * Float.BYTES, values.length);
        }
    }

    /** Adds the channels of one pixel, times {@code factor}. */
    void addTo(float[] sums, int n, int h, int w, float factor) {
        long start = at(n, 0, h, w);
        int c = 0;
        if (sc == 1) {
            for (; c + Lanes.COUNT <= sums.length; c += Lanes.COUNT) {
                FloatVector v = type == DType.BF16 ? Bfloat16.floats(data, start + c) : Lanes.load(data, start + c);
                FloatVector.fromArray(Lanes.F32, sums, c).add(v.mul(factor)).intoArray(sums, c);
            }
        }
        for (; c < sums.length; c++) {
            sums[c] += get(start + c * sc) * factor;
        }
    }

    /** Each row of each sample, rows shared between threads, each of which has a body of its own. */
    void eachRow(int samples, Supplier<Row> bodies) {
        Parallel.forRange((long) samples * height, 2, (from, to) -> {
            Row body = bodies.get();
            for (long r = from; r < to; r++) {
                body.run((int) (r / height), (int) (r % height));
            }
        });
    }

    interface Row {
        void run(int sample, int row);
    }
}
