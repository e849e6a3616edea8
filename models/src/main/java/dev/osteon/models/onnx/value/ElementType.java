package dev.osteon.models.onnx.value;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Element types of ONNX, with the numbers that files use for them. Complex numbers are not among them. */
public enum ElementType {
    FLOAT(1, 32, Kind.REAL),
    UINT8(2, 8, Kind.UNSIGNED),
    INT8(3, 8, Kind.SIGNED),
    UINT16(4, 16, Kind.UNSIGNED),
    INT16(5, 16, Kind.SIGNED),
    INT32(6, 32, Kind.SIGNED),
    INT64(7, 64, Kind.SIGNED),
    STRING(8, 0, Kind.TEXT),
    BOOL(9, 8, Kind.TRUTH),
    FLOAT16(10, 16, Kind.REAL),
    DOUBLE(11, 64, Kind.REAL),
    UINT32(12, 32, Kind.UNSIGNED),
    UINT64(13, 64, Kind.UNSIGNED),
    BFLOAT16(16, 16, Kind.REAL),
    FLOAT8E4M3FN(17, 8, Kind.REAL),
    FLOAT8E4M3FNUZ(18, 8, Kind.REAL),
    FLOAT8E5M2(19, 8, Kind.REAL),
    FLOAT8E5M2FNUZ(20, 8, Kind.REAL),
    UINT4(21, 4, Kind.UNSIGNED),
    INT4(22, 4, Kind.SIGNED),
    FLOAT4E2M1(23, 4, Kind.REAL),
    FLOAT8E8M0(24, 8, Kind.REAL),
    UINT2(25, 2, Kind.UNSIGNED),
    INT2(26, 2, Kind.SIGNED);

    private enum Kind { REAL, SIGNED, UNSIGNED, TRUTH, TEXT }

    private final int code;
    private final int bits;
    private final Kind kind;

    ElementType(int code, int bits, Kind kind) {
        this.code = code;
        this.bits = bits;
        this.kind = kind;
    }

    /** The type with this number in {@code TensorProto.DataType}; empty for complex and for unknown ones. */
    public static Optional<ElementType> of(int code) {
        return Arrays.stream(values()).filter(type -> type.code == code).findFirst();
    }

    /** Bits of an element in raw data; 0 for texts. */
    public int bits() {
        return bits;
    }

    public boolean isReal() {
        return kind == Kind.REAL;
    }

    /** Integers and truth values. */
    public boolean isInteger() {
        return kind == Kind.SIGNED || kind == Kind.UNSIGNED || kind == Kind.TRUTH;
    }

    public boolean isUnsigned() {
        return kind == Kind.UNSIGNED;
    }

    /** Whether the engine computes with it: float, double, and the 16-bit types, which are widened to float. */
    public boolean isComputed() {
        return this == FLOAT || this == DOUBLE || this == FLOAT16 || this == BFLOAT16;
    }

    /** An integer brought into this type's range by dropping high bits; anything but 0 is true. */
    public long wrap(long value) {
        int shift = 64 - bits;
        return switch (kind) {
            case TRUTH -> value != 0 ? 1 : 0;
            case SIGNED -> value << shift >> shift;
            case UNSIGNED -> value << shift >>> shift;
            default -> throw new IllegalStateException(this + " is no integer type");
        };
    }

    /** The real number nearest to {@code value} in this type, ties to even; what is too large becomes infinite. */
    public double round(double value) {
        return switch (this) {
            case DOUBLE -> value;
            case FLOAT -> (float) value;
            case FLOAT16 -> Float.float16ToFloat(Float.floatToFloat16((float) value));
            default -> SmallFloat.of(this).round(value, SmallFloat.Overflow.SPECIAL);
        };
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
