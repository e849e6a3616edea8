package dev.osteon.app.phantom;

/**
 * What determines a phantom data set, bit for bit.
 *
 * @param subjects number of subjects, 1..100000; subject i is the same in every data set of the same seed and scale
 * @param seed any number
 * @param scale linear scale, 0.05..1: 1 is 2515 x 3588 pixels of 0.1 mm, 0.25 is 629 x 897 pixels of 0.4 mm; the
 *     subjects drawn do not depend on it
 */
public record PhantomConfig(int subjects, long seed, double scale) {
    /** Width in pixels at scale 1. */
    public static final int FULL_WIDTH = 2515;
    /** Height in pixels at scale 1. */
    public static final int FULL_HEIGHT = 3588;
    /** Side of a pixel in mm at scale 1. */
    public static final double FULL_PIXEL_MM = 0.1;
    /** The scale of quick runs: 629 x 897 pixels. */
    public static final double QUICK_SCALE = 0.25;

    /** @throws IllegalArgumentException with one clear line if a value is out of range */
    public PhantomConfig {
        if (subjects < 1 || subjects > 100_000) {
            throw new IllegalArgumentException(
                    "phantom subjects = " + subjects + ": expected 1 to 100000; give a number in that range");
        }
        if (!(scale >= 0.05 && scale <= 1)) {
            throw new IllegalArgumentException("phantom scale = " + scale
                    + ": expected 0.05 to 1 (1 is 2515 x 3588 pixels, 0.25 is 629 x 897); give a scale in that range");
        }
    }

    /** Width of the radiographs in pixels. */
    public int width() {
        return (int) Math.round(FULL_WIDTH * scale);
    }

    /** Height of the radiographs in pixels. */
    public int height() {
        return (int) Math.round(FULL_HEIGHT * scale);
    }

    /** Side of a pixel in mm. */
    public double pixelMm() {
        return FULL_PIXEL_MM / scale;
    }
}
