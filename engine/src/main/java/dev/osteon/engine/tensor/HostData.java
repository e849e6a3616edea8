package dev.osteon.engine.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.osteon.engine.ShapeException;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.DoubleSupplier;

/** Between Java arrays and tensors, and element access for code that is not performance critical. */
public final class HostData {

    private HostData() {}

    /** Element {@code index} of memory of type {@code dtype}; true is 1. */
    public static double get(MemorySegment data, DType dtype, long index) {
        return switch (dtype) {
            case F64 -> data.getAtIndex(JAVA_DOUBLE, index);
            case F32 -> data.getAtIndex(JAVA_FLOAT, index);
            case BF16 -> bfloat16ToFloat(data.getAtIndex(JAVA_SHORT, index));
            case F16 -> Float.float16ToFloat(data.getAtIndex(JAVA_SHORT, index));
            case I64 -> data.getAtIndex(JAVA_LONG, index);
            case I32 -> data.getAtIndex(JAVA_INT, index);
            case U16 -> data.getAtIndex(JAVA_SHORT, index) & 0xffff;
            case U8 -> data.get(JAVA_BYTE, index) & 0xff;
            case BOOL -> data.get(JAVA_BYTE, index) != 0 ? 1 : 0;
        };
    }

    /** Sets element {@code index}: floating types round to nearest even, integers truncate, bool is "not zero". */
    public static void set(MemorySegment data, DType dtype, long index, double value) {
        switch (dtype) {
            case F64 -> data.setAtIndex(JAVA_DOUBLE, index, value);
            case F32 -> data.setAtIndex(JAVA_FLOAT, index, (float) value);
            case BF16 -> data.setAtIndex(JAVA_SHORT, index, floatToBfloat16((float) value));
            case F16 -> data.setAtIndex(JAVA_SHORT, index, Float.floatToFloat16((float) value));
            case I64 -> data.setAtIndex(JAVA_LONG, index, (long) value);
            case I32 -> data.setAtIndex(JAVA_INT, index, (int) value);
            case U16 -> data.setAtIndex(JAVA_SHORT, index, (short) (int) value);
            case U8 -> data.set(JAVA_BYTE, index, (byte) (int) value);
            case BOOL -> data.set(JAVA_BYTE, index, (byte) (value != 0 ? 1 : 0));
        }
    }

    /** Round to nearest even; NaN stays NaN. */
    public static short floatToBfloat16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if (value != value) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
    }

    public static float bfloat16ToFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    static Tensor upload(Device device, Shape shape, DType dtype, double[] values) {
        requireCount(shape, values.length);
        return upload(device, shape, dtype, Arrays.stream(values).iterator()::nextDouble);
    }

    static Tensor upload(Device device, Shape shape, DType dtype, DoubleSupplier values) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(Math.max(1, shape.size() * dtype.bytes()), 8);
            for (long i = 0; i < shape.size(); i++) {
                set(data, dtype, i, values.getAsDouble());
            }
            return copy(device, shape, dtype, data);
        }
    }

    static Tensor upload(Device device, Shape shape, DType dtype, float[] values) {
        requireCount(shape, values.length);
        return copy(device, shape, dtype, MemorySegment.ofArray(values));
    }

    static Tensor upload(Device device, Shape shape, int[] values) {
        requireCount(shape, values.length);
        return copy(device, shape, DType.I32, MemorySegment.ofArray(values));
    }

    private static Tensor copy(Device device, Shape shape, DType dtype, MemorySegment data) {
        TensorSpec spec = TensorSpec.of(shape, dtype);
        return Tensor.copyOf(device, spec, data.asSlice(0, spec.bytes()));
    }

    private static void requireCount(Shape shape, int count) {
        if (shape.size() != count) {
            throw new ShapeException("tensor", count + " values for shape " + shape, shape.size() + " values");
        }
    }

    static double[] doubles(Tensor tensor) {
        try (TensorScope scope = TensorScope.open(); Arena arena = Arena.ofConfined()) {
            MemorySegment data = rowMajorCopy(tensor, arena);
            double[] values = new double[Math.toIntExact(tensor.size())];
            for (int i = 0; i < values.length; i++) {
                values[i] = get(data, tensor.dtype(), i);
            }
            return values;
        }
    }

    static float[] floats(Tensor tensor) {
        try (TensorScope scope = TensorScope.open(); Arena arena = Arena.ofConfined()) {
            MemorySegment data = rowMajorCopy(tensor, arena);
            float[] values = new float[Math.toIntExact(tensor.size())];
            if (tensor.dtype() == DType.F32) {
                MemorySegment.copy(data, JAVA_FLOAT, 0, values, 0, values.length);
                return values;
            }
            for (int i = 0; i < values.length; i++) {
                values[i] = (float) get(data, tensor.dtype(), i);
            }
            return values;
        }
    }

    private static MemorySegment rowMajorCopy(Tensor tensor, Arena arena) {
        Tensor rowMajor = Ops.toLayout(tensor, Layout.ROW_MAJOR);
        MemorySegment data = arena.allocate(Math.max(8, rowMajor.spec().bytes()), 8);
        Backends.of(tensor.device()).download(rowMajor.buffer(), data.asSlice(0, rowMajor.spec().bytes()));
        return data;
    }
}
