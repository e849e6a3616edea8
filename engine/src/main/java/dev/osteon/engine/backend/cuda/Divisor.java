package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.EngineException;

/**
 * A division by what many threads divide by, as a multiplication (Granlund and Montgomery 1994): {@code struct Divisor}
 * of common.cuh. For n below 2³¹ the quotient is (⌊n·factor / 2³²⌋ + n) / 2^shift.
 */
record Divisor(int by, int factor, int shift) {

    /** @throws EngineException for more than 32 bits */
    static Divisor of(long by) {
        if (by > Integer.MAX_VALUE) {
            throw new EngineException("given " + by + " neighbouring elements behind the axis; expected fewer than "
                    + "2^31; split the tensor");
        }
        int divisor = (int) Math.max(1, by);
        int shift = Integer.SIZE - Integer.numberOfLeadingZeros(divisor - 1);
        long factor = (1L << Integer.SIZE) * ((1L << shift) - divisor) / divisor + 1;
        return new Divisor(divisor, (int) factor, shift);
    }
}
