package dev.osteon.engine.backend.cuda;

/**
 * Addresses on the device of what a plan reads and writes.
 *
 * @param bias 0 where there is none
 */
record Operands(long x, long weight, long y, long bias) {

    Operands(long x, long weight, long y) {
        this(x, weight, y, 0);
    }
}
