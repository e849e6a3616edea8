package dev.osteon.models.sam;

/**
 * An 8-bit colour picture.
 *
 * @param samples [3, height, width]: red, green and blue planes, 0..255, row by row; not to be changed
 */
public record Picture(int width, int height, byte[] samples) {

    /** Number of colour planes. */
    static final int PLANES = 3;

    /** @throws IllegalArgumentException when the samples are not 3 · height · width */
    public Picture {
        if (width < 1 || height < 1 || samples.length != PLANES * width * height) {
            throw new IllegalArgumentException("picture: given " + samples.length + " samples for " + width + " × "
                    + height + "; expected three planes of at least one pixel");
        }
    }

    /** A grey picture, its one plane [height, width] three times. */
    public static Picture gray(int width, int height, byte[] plane) {
        byte[] samples = new byte[PLANES * plane.length];
        for (int c = 0; c < PLANES; c++) {
            System.arraycopy(plane, 0, samples, c * plane.length, plane.length);
        }
        return new Picture(width, height, samples);
    }

    /**
     * Reduced or enlarged so that the longer side has {@code longest} pixels, the other rounded: by triangle
     * filters whose support grows with the reduction, rounded to whole levels after each axis, as Pillow's BILINEAR.
     */
    Picture within(int longest) {
        double scale = (double) longest / Math.max(width, height);
        int toWidth = Math.max(1, (int) (width * scale + 0.5));
        int toHeight = Math.max(1, (int) (height * scale + 0.5));
        TriangleFilter across = TriangleFilter.of(width, toWidth);
        TriangleFilter down = TriangleFilter.of(height, toHeight);
        byte[] result = new byte[PLANES * toWidth * toHeight];
        byte[] rows = new byte[height * toWidth];
        for (int c = 0; c < PLANES; c++) {
            for (int y = 0; y < height; y++) {
                across.apply(samples, (c * height + y) * width, 1, rows, y * toWidth, 1);
            }
            for (int x = 0; x < toWidth; x++) {
                down.apply(rows, x, toWidth, result, c * toHeight * toWidth + x, toWidth);
            }
        }
        return new Picture(toWidth, toHeight, result);
    }
}
