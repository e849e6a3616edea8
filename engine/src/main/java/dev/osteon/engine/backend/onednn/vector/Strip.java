package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * A tensor's memory, read (any element type) and written (float32 and the 16-bit types) a strip at a time as doubles in
 * an array that stays in the first-level cache. Sums, products, quotients and roots of doubles rounded to float32 are
 * what float32 arithmetic gives, so nothing is lost to this, and memory, not arithmetic, bounds these kernels.
 */
record Strip(MemorySegment data, DType dtype) {

    /** Elements of a strip. */
    static final int LENGTH = 1024;

    static Strip of(Tensor tensor) {
        return new Strip(Lanes.global(tensor.segment()), tensor.dtype());
    }

    /** An array for strips of up to {@code n} elements: whole vectors, at most {@link #LENGTH}. */
    static double[] array(long n) {
        return new double[Doubles.padded((int) Math.min(LENGTH, n))];
    }

    /** Elements at, at + step, … (n of them). */
    void read(long at, long step, double[] to, int n) {
        if (step == 0) {
            Arrays.fill(to, 0, n, n == 0 ? 0 : get(at));
        } else if (dtype == DType.F32 && step == 1) {
            readFloats(at, to, n);
        } else if (dtype == DType.F32) {
            for (int i = 0; i < n; i++) {
                to[i] = data.get(JAVA_FLOAT_UNALIGNED, (at + i * step) * Float.BYTES);
            }
        } else if (dtype == DType.BF16) {
            for (int i = 0; i < n; i++) {
                to[i] = HostData.bfloat16ToFloat(data.get(JAVA_SHORT_UNALIGNED, (at + i * step) * Short.BYTES));
            }
        } else if (dtype == DType.F16) {
            for (int i = 0; i < n; i++) {
                to[i] = Float.float16ToFloat(data.get(JAVA_SHORT_UNALIGNED, (at + i * step) * Short.BYTES));
            }
        } else if (dtype == DType.U8) {
            for (int i = 0; i < n; i++) {
                to[i] = data.get(JAVA_BYTE, at + i * step) & 0xff;
            }
        } else if (dtype == DType.BOOL) {
            for (int i = 0; i < n; i++) {
                to[i] = -(data.get(JAVA_BYTE, at + i * step) & 0xff) >>> 31;   // 1 for what is not 0
            }
        } else {
            for (int i = 0; i < n; i++) {
                to[i] = get(at + i * step);
            }
        }
    }

    /** Rounds the first n of {@code from} to elements at, at + step, … */
    void write(double[] from, int n, long at, long step) {
        if (dtype == DType.F32 && step == 1) {
            writeFloats(from, n, at);
        } else if (dtype == DType.F32) {
            for (int i = 0; i < n; i++) {
                data.set(JAVA_FLOAT_UNALIGNED, (at + i * step) * Float.BYTES, (float) from[i]);
            }
        } else if (dtype == DType.F16) {
            for (int i = 0; i < n; i++) {
                data.set(JAVA_SHORT_UNALIGNED, (at + i * step) * Short.BYTES, Float.floatToFloat16((float) from[i]));
            }
        } else {
            for (int i = 0; i < n; i++) {
                data.set(JAVA_SHORT_UNALIGNED, (at + i * step) * Short.BYTES,
                        HostData.floatToBfloat16((float) from[i]));
            }
        }
    }

    private double get(long at) {
        return HostData.get(data, dtype, at);
    }

    private void readFloats(long at, double[] to, int n) {
        int i = 0;
        for (; i + Doubles.COUNT <= n; i += Doubles.COUNT) {
            FloatVector.fromMemorySegment(Doubles.FLOATS, data, (at + i) * Float.BYTES, Lanes.ORDER)
                    .convertShape(VectorOperators.F2D, Doubles.F64, 0).reinterpretAsDoubles().intoArray(to, i);
        }
        for (; i < n; i++) {
            to[i] = data.get(JAVA_FLOAT_UNALIGNED, (at + i) * Float.BYTES);
        }
    }

    private void writeFloats(double[] from, int n, long at) {
        int i = 0;
        for (; i + Doubles.COUNT <= n; i += Doubles.COUNT) {
            Doubles.load(from, i).convertShape(VectorOperators.D2F, Doubles.FLOATS, 0).reinterpretAsFloats()
                    .intoMemorySegment(data, (at + i) * Float.BYTES, Lanes.ORDER);
        }
        for (; i < n; i++) {
            data.set(JAVA_FLOAT_UNALIGNED, (at + i) * Float.BYTES, (float) from[i]);
        }
    }
}
