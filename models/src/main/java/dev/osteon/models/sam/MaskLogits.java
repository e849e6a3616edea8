package dev.osteon.models.sam;

/**
 * A mask as the decoder gives it: logits on a coarse grid over the padded square, positive on the object.
 *
 * @param width  the picture's in pixels
 * @param height the picture's in pixels
 * @param coarse [256, 256], row-major; not to be changed
 */
public record MaskLogits(int width, int height, float[] coarse) {

    /** Side of the coarse grid. */
    public static final int SIDE = 256;

    /** @throws IllegalArgumentException when there are not 256 · 256 logits */
    public MaskLogits {
        if (coarse.length != SIDE * SIDE) {
            throw new IllegalArgumentException("mask: given " + coarse.length + " logits; expected " + SIDE + " × "
                    + SIDE);
        }
    }

    /** The logits of every pixel of the picture, [height, width]. */
    public float[] atPixels() {
        return at(width, height);
    }

    /**
     * The logits on a grid over the picture, [toHeight, toWidth]: enlarged to 1024 × 1024, cut to what was no padding,
     * and resized to the grid, both bilinearly with pixel centres at halves (Segment Anything's postprocessing).
     */
    public float[] at(int toWidth, int toHeight) {
        double scale = (double) SamEncoder.SIDE / Math.max(width, height);
        int w = (int) (width * scale + 0.5);
        int h = (int) (height * scale + 0.5);
        float[] square = resize(coarse, SIDE, SIDE, SIDE, SamEncoder.SIDE, SamEncoder.SIDE);
        return resize(square, SamEncoder.SIDE, w, h, toWidth, toHeight);
    }

    /** Bilinear, without a wider filter for reductions; of {@code from} the left upper w × h are looked at. */
    private static float[] resize(float[] from, int stride, int w, int h, int toWidth, int toHeight) {
        float[] to = new float[toWidth * toHeight];
        int[] left = new int[toWidth];
        float[] share = new float[toWidth];
        for (int x = 0; x < toWidth; x++) {
            float at = Math.max(0, (x + 0.5f) * w / toWidth - 0.5f);
            left[x] = (int) at;
            share[x] = at - left[x];
        }
        for (int y = 0; y < toHeight; y++) {
            float at = Math.max(0, (y + 0.5f) * h / toHeight - 0.5f);
            int upper = (int) at;
            int row = upper * stride;
            int next = Math.min(upper + 1, h - 1) * stride;
            float down = at - upper;
            for (int x = 0; x < toWidth; x++) {
                int l = left[x];
                int r = Math.min(l + 1, w - 1);
                float top = from[row + l] * (1 - share[x]) + from[row + r] * share[x];
                float bottom = from[next + l] * (1 - share[x]) + from[next + r] * share[x];
                to[y * toWidth + x] = top * (1 - down) + bottom * down;
            }
        }
        return to;
    }
}
