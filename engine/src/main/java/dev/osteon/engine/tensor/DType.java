package dev.osteon.engine.tensor;

import java.util.Locale;

/** Element types. {@link #F64} runs on the reference backend only. */
public enum DType {
    F64(8),
    F32(4),
    BF16(2),
    F16(2),
    I64(8),
    I32(4),
    U16(2),
    U8(1),
    BOOL(1);

    private final int bytes;

    DType(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes per element. */
    public int bytes() {
        return bytes;
    }

    /** Whether values are real numbers, so that gradients exist. */
    public boolean isFloating() {
        return this == F64 || this == F32 || isLow();
    }

    /** Whether it is one of mixed precision's 16-bit types, which are computed with in float32. */
    public boolean isLow() {
        return this == BF16 || this == F16;
    }

    /** The type of what is computed over many numbers of this one, means and sums: float32 for 16 bits. */
    public DType statistics() {
        return isLow() ? F32 : this;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
