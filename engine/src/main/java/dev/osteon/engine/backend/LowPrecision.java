package dev.osteon.engine.backend;

import dev.osteon.engine.tensor.DType;
import java.util.Optional;

/**
 * What a device trains in by default.
 *
 * @param type   the 16-bit type that it multiplies much faster than float32, if there is one
 * @param reason for people, as {@code it has tensor cores}
 */
public record LowPrecision(Optional<DType> type, String reason) {

    /** A device that is best at float32. */
    public static LowPrecision none(String reason) {
        return new LowPrecision(Optional.empty(), reason);
    }

    /** A device that is made for bfloat16. */
    public static LowPrecision bf16(String reason) {
        return new LowPrecision(Optional.of(DType.BF16), reason);
    }
}
