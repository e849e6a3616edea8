package dev.osteon.engine.op;

/** What mixed precision does to an operation's floating operands. */
public enum Precision {
    /** Convolutions and matrix products: 16 bits are enough. */
    LOW,
    /** Losses, softmax, logarithms, statistics: float32 always. */
    FULL,
    /** As the operands come; mixed operands are widened to one type. */
    FOLLOW,
    /** As the operands come, each in its own type: the operation defines the mix, as batch-norm does. */
    KEEP
}
