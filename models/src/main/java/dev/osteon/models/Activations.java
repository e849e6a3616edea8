package dev.osteon.models;

/** What becomes of a ResNet's activations between the forward pass and the backward pass. Gradients are the same. */
public enum Activations {
    /** All that gradients read are kept. */
    KEPT,
    /**
     * The inputs of the stem and of each residual block are kept, and the rest is computed again, block by block, when
     * the backward pass arrives there (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"). A ResNet-50
     * keeps less than a third as much, and a step has a third more arithmetic, that of the forward pass once more.
     */
    RECOMPUTED
}
