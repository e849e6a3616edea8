package dev.osteon.engine.backend.reference;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/**
 * A tensor's elements as an array in row-major order of its logical shape, whatever its element type and layout:
 * as doubles for arithmetic, as integers where a double would lose bits, as bit patterns for what only moves elements.
 */
final class Elements {

    private Elements() {}

    static double[] doubles(Tensor tensor) {
        MemorySegment data = tensor.segment();
        DType dtype = tensor.dtype();
        Cursor at = physical(tensor);
        double[] values = new double[count(tensor)];
        for (int i = 0; i < values.length; i++) {
            values[i] = HostData.get(data, dtype, at.next());
        }
        return values;
    }

    /** Writes {@code values} rounded to the tensor's element type. */
    static void write(Tensor tensor, double[] values) {
        MemorySegment data = tensor.segment();
        DType dtype = tensor.dtype();
        Cursor at = physical(tensor);
        for (double value : values) {
            HostData.set(data, dtype, at.next(), value);
        }
    }

    static long[] integers(Tensor tensor) {
        MemorySegment data = tensor.segment();
        DType dtype = tensor.dtype();
        Cursor at = physical(tensor);
        long[] values = new long[count(tensor)];
        for (int i = 0; i < values.length; i++) {
            int offset = at.next();
            values[i] = dtype == DType.I64 ? data.getAtIndex(JAVA_LONG, offset)
                    : (long) HostData.get(data, dtype, offset);
        }
        return values;
    }

    /** Writes {@code values} to a tensor of an integer type or bool; what does not fit wraps around. */
    static void write(Tensor tensor, long[] values) {
        MemorySegment data = tensor.segment();
        Cursor at = physical(tensor);
        for (long value : values) {
            int offset = at.next();
            switch (tensor.dtype()) {
                case I64 -> data.setAtIndex(JAVA_LONG, offset, value);
                case I32 -> data.setAtIndex(JAVA_INT, offset, (int) value);
                case U16 -> data.setAtIndex(JAVA_SHORT, offset, (short) value);
                case U8 -> data.set(JAVA_BYTE, offset, (byte) value);
                case BOOL -> data.set(JAVA_BYTE, offset, (byte) (value != 0 ? 1 : 0));
                case F64, F32, BF16, F16 -> HostData.set(data, tensor.dtype(), offset, value);
            }
        }
    }

    static long[] bits(Tensor tensor) {
        MemorySegment data = tensor.segment();
        int bytes = tensor.dtype().bytes();
        Cursor at = physical(tensor);
        long[] values = new long[count(tensor)];
        for (int i = 0; i < values.length; i++) {
            values[i] = bitsAt(data, bytes, at.next());
        }
        return values;
    }

    private static long bitsAt(MemorySegment data, int bytes, int offset) {
        return switch (bytes) {
            case 1 -> data.get(JAVA_BYTE, offset);
            case 2 -> data.getAtIndex(JAVA_SHORT, offset);
            case 4 -> data.getAtIndex(JAVA_INT, offset);
            default -> data.getAtIndex(JAVA_LONG, offset);
        };
    }

    /** Writes bit patterns as {@link #bits} gives them. */
    static void writeBits(Tensor tensor, long[] values) {
        MemorySegment data = tensor.segment();
        Cursor at = physical(tensor);
        for (long value : values) {
            int offset = at.next();
            switch (tensor.dtype().bytes()) {
                case 1 -> data.set(JAVA_BYTE, offset, (byte) value);
                case 2 -> data.setAtIndex(JAVA_SHORT, offset, (short) value);
                case 4 -> data.setAtIndex(JAVA_INT, offset, (int) value);
                default -> data.setAtIndex(JAVA_LONG, offset, value);
            }
        }
    }

    /** The bit pattern of {@code value} in an element type. */
    static long bitsOf(DType dtype, double value) {
        MemorySegment one = MemorySegment.ofArray(new long[1]);
        HostData.set(one, dtype, 0, value);
        return bitsAt(one, dtype.bytes(), 0);
    }

    private static Cursor physical(Tensor tensor) {
        return new Cursor(tensor.shape(), tensor.shape().strides(tensor.layout()));
    }

    static int count(Tensor tensor) {
        return Math.toIntExact(tensor.size());
    }
}
