package dev.osteon.bench.gpu;

/**
 * How large the work is.
 *
 * @param batch      images of a step whose operations are timed one by one
 * @param image      their side in pixels
 * @param local      side of the small views of multi-crop
 * @param width      the ResNet's width: 64 in the paper
 * @param segments   that a pretext epoch goes over
 * @param samples    n of the losses: two views of n samples are compared
 * @param dim        dimensions of an embedding
 * @param prototypes of SwAV
 * @param tokens     of a window of attention
 * @param copyMib    MiB that a copy moves
 * @param matrix     side of the square matrices of a product
 * @param turnMillis what a turn is to take: short work is repeated for as long
 */
record Sizes(int batch, int image, int local, int width, int segments, int samples, int dim, int prototypes,
        int tokens, int copyMib, int matrix, int turnMillis) {

    /** The paper's workload. */
    static final Sizes FULL = new Sizes(128, 224, 96, 64, 1307, 4096, 128, 3000, 196, 1024, 8192, 60);

    /** So small that an emulator gets through all of it. */
    static final Sizes QUICK = new Sizes(2, 32, 16, 8, 10, 12, 16, 20, 9, 1, 32, 1);

    /** Channels or pixels that are {@code full} in the paper's ResNet-50, scaled to this width. */
    int channels(int full) {
        return full * width / 64;
    }

    /** Pixels on a side of what is {@code 1/reduction} of the image, at least 1. */
    int side(int reduction) {
        return Math.max(1, image / reduction);
    }
}
