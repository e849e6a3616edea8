package dev.osteon.models.onnx.value;

/**
 * Floating types of 16 bits and fewer: IEEE 754's scheme with other widths (Micikevicius et al. 2022, "FP8 formats for
 * deep learning"; OCP Microscaling 1.0).
 *
 * @param specials which bit patterns are infinite or not a number
 */
public record SmallFloat(int exponentBits, int mantissaBits, int bias, Specials specials) {

    /** Patterns that are no numbers. */
    public enum Specials {
        /** The largest exponent is for infinities and NaN. */
        IEEE,
        /** No infinities; all ones is NaN. */
        ALL_ONES,
        /** No infinities, no negative zero; that pattern is NaN. */
        NEGATIVE_ZERO,
        /** Every pattern is a number. */
        NONE,
        /** Powers of two without sign; all ones is NaN. */
        EXPONENT_ONLY
    }

    /** What becomes of numbers that are too large. */
    public enum Overflow {
        /** The largest number. */
        SATURATE,
        /** Infinity, or NaN where there is none, or the largest where there is neither. */
        SPECIAL
    }

    /** @throws IllegalArgumentException for types of another kind */
    public static SmallFloat of(ElementType type) {
        return switch (type) {
            case FLOAT16 -> new SmallFloat(5, 10, 15, Specials.IEEE);
            case BFLOAT16 -> new SmallFloat(8, 7, 127, Specials.IEEE);
            case FLOAT8E4M3FN -> new SmallFloat(4, 3, 7, Specials.ALL_ONES);
            case FLOAT8E4M3FNUZ -> new SmallFloat(4, 3, 8, Specials.NEGATIVE_ZERO);
            case FLOAT8E5M2 -> new SmallFloat(5, 2, 15, Specials.IEEE);
            case FLOAT8E5M2FNUZ -> new SmallFloat(5, 2, 16, Specials.NEGATIVE_ZERO);
            case FLOAT4E2M1 -> new SmallFloat(2, 1, 1, Specials.NONE);
            case FLOAT8E8M0 -> new SmallFloat(8, 0, 127, Specials.EXPONENT_ONLY);
            default -> throw new IllegalArgumentException(type + " is no small floating type");
        };
    }

    /** The number that a bit pattern stands for. */
    public double decode(int pattern) {
        if (specials == Specials.EXPONENT_ONLY) {
            return pattern == 0xff ? Double.NaN : Math.scalb(1.0, pattern - bias);
        }
        int magnitude = pattern & (1 << exponentBits + mantissaBits) - 1;
        boolean negative = pattern >>> exponentBits + mantissaBits != 0;
        int exponent = magnitude >>> mantissaBits;
        int mantissa = magnitude & (1 << mantissaBits) - 1;
        int top = (1 << exponentBits) - 1;
        if (specials == Specials.NEGATIVE_ZERO && negative && magnitude == 0
                || specials == Specials.ALL_ONES && magnitude == (1 << exponentBits + mantissaBits) - 1
                || specials == Specials.IEEE && exponent == top && mantissa != 0) {
            return Double.NaN;
        }
        double value = specials == Specials.IEEE && exponent == top ? Double.POSITIVE_INFINITY
                : exponent == 0 ? Math.scalb((double) mantissa, 1 - bias - mantissaBits)
                : Math.scalb(1 + Math.scalb((double) mantissa, -mantissaBits), exponent - bias);
        return negative ? -value : value;
    }

    /** The largest number. */
    public double largest() {
        int ones = (1 << exponentBits + mantissaBits) - 1;
        return switch (specials) {
            case IEEE -> decode(ones - (1 << mantissaBits));
            case ALL_ONES -> decode(ones - 1);
            case NEGATIVE_ZERO, NONE -> decode(ones);
            case EXPONENT_ONLY -> decode(0xfe);
        };
    }

    /** The nearest number of this type, ties to even. */
    public double round(double value, Overflow overflow) {
        if (Double.isNaN(value)) {
            return specials == Specials.NONE ? -0.0 : Double.NaN;     // the pattern with the sign alone
        }
        if (specials == Specials.EXPONENT_ONLY) {
            return powerOfTwo(value, overflow, 1.5);
        }
        int exponent = Math.max(Math.getExponent(value), 1 - bias);
        double quantum = Math.scalb(1.0, exponent - mantissaBits);
        double rounded = Double.isInfinite(value) ? value : Math.rint(value / quantum) * quantum;
        if (Math.abs(rounded) <= largest()) {
            return rounded == 0 && specials == Specials.NEGATIVE_ZERO ? 0 : rounded;
        }
        return switch (overflow) {
            case SATURATE -> Math.copySign(largest(), value);
            case SPECIAL -> switch (specials) {
                case IEEE -> Math.copySign(Double.POSITIVE_INFINITY, value);
                case NONE -> Math.copySign(largest(), value);
                default -> Double.NaN;
            };
        };
    }

    /**
     * For the exponent-only type, which scales other numbers.
     *
     * @param upFrom times a power of two, from where on the next one is taken: 1.5 for the nearest
     */
    public double powerOfTwo(double value, Overflow overflow, double upFrom) {
        if (value <= 0) {
            return value == 0 ? decode(0) : Double.NaN;
        }
        int exponent = Math.getExponent(value);
        if (value / Math.scalb(1.0, exponent) >= upFrom) {
            exponent++;
        }
        if (exponent > bias) {
            return overflow == Overflow.SATURATE ? largest() : Double.NaN;
        }
        return Math.scalb(1.0, Math.max(exponent, -bias));
    }
}
