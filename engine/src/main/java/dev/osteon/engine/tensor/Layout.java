package dev.osteon.engine.tensor;

/** How a dense tensor's elements lie in memory. Logical shapes never change with it. */
public enum Layout {
    /** Last dimension fastest. */
    ROW_MAJOR,
    /** Logical [N, C, H, W], physical N, H, W, C: what tensor cores and fast batch-norms want. Rank 4 only. */
    NHWC
}
