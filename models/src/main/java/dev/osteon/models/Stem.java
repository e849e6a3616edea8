package dev.osteon.models;

/** How a ResNet takes its image in. */
public enum Stem {
    /** 7×7 with stride 2, then 3×3 max-pool with stride 2 (He et al. 2016): images of about 100 pixels and more. */
    IMAGENET,
    /** 3×3 with stride 2, no pool: images of about 64 pixels. */
    SMALL_STRIDE_2,
    /** 3×3 with stride 1, no pool: images of about 32 pixels, as the CIFAR variants. */
    SMALL_STRIDE_1
}
