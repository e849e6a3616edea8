package dev.osteon.engine.backend.cuda;

/**
 * A division by what many threads divide by, as a multiplication (Granlund and Montgomery 1994): {@code struct Divisor}
 * of common.cuh. For n below 2³¹ the quotient is (⌊n·factor / 2³²⌋ + n) / 2^shift.
 */
record Divisor(int by, int factor, int shift) {

    static Divisor of(int by) {
        int divisor = Math.max(1, by);
        int shift = Integer.SIZE - Integer.numberOfLeadingZeros(divisor - 1);
        long factor = (1L << Integer.SIZE) * ((1L << shift) - divisor) / divisor + 1;
        return new Divisor(divisor, (int) factor, shift);
    }
}
