package dev.osteon.models.sam;

/**
 * What the encoder makes of a picture.
 *
 * @param width  the picture's in pixels
 * @param height the picture's in pixels
 * @param values [1, 256, 64, 64], row-major; not to be changed
 */
public record Embedding(int width, int height, float[] values) {

    /** Channels, and side of the square of positions. */
    static final int CHANNELS = 256;
    static final int SIDE = 64;
    /** How many values there are. */
    public static final int VALUES = CHANNELS * SIDE * SIDE;

    /** @throws IllegalArgumentException when there are not 256 · 64 · 64 values */
    public Embedding {
        if (values.length != VALUES) {
            throw new IllegalArgumentException("embedding: given " + values.length + " values; expected [1, "
                    + CHANNELS + ", " + SIDE + ", " + SIDE + "]");
        }
    }
}
