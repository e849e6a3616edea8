package dev.osteon.nn;

/** What a module tree is used for. */
public enum Mode {
    /** Batch-norm uses the batch's own statistics and moves its running ones. */
    TRAIN,
    /** Batch-norm uses the batch's own statistics and leaves its running ones: for a forward pass that is repeated. */
    REHEARSE,
    /** Batch-norm uses its running statistics, which stay as they are. */
    EVAL
}
