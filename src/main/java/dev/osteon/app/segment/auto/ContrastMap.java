package dev.osteon.app.segment.auto;

import dev.osteon.app.image.GrayImage;

/**
 * The image reduced to a longest side of {@value #LONGEST} pixels, less its local mean and over its local standard
 * deviation, at several degrees of blur: what is left of bone against soft tissue, and of soft tissue against air, is
 * alike across exposures, frames and letters.
 */
final class ContrastMap {

    static final int LONGEST = 384;
    private static final double NEIGHBOURHOOD = 0.11;
    private static final double LEAST_DEVIATION = 0.03;
    private static final double[] BLURS = {1, 2, 3};

    private final int width;
    private final int height;
    private final double scale;
    private final float[][] levels = new float[BLURS.length][];

    ContrastMap(GrayImage image) {
        scale = Math.max(1, Math.max(image.width(), image.height()) / (double) LONGEST);
        width = Math.max(1, (int) (image.width() / scale));
        height = Math.max(1, (int) (image.height() / scale));
        float[] reduced = reduce(image);
        float[] square = new float[reduced.length];
        for (int i = 0; i < square.length; i++) {
            square[i] = reduced[i] * reduced[i];
        }
        int radius = (int) (NEIGHBOURHOOD * Math.max(width, height));
        float[] mean = box(reduced, radius);
        float[] meanSquare = box(square, radius);
        float[] normal = new float[reduced.length];
        for (int i = 0; i < normal.length; i++) {
            double deviation = Math.sqrt(Math.max(0, meanSquare[i] - mean[i] * mean[i]));
            normal[i] = (float) Math.clamp((reduced[i] - mean[i]) / (deviation + LEAST_DEVIATION), -3, 3);
        }
        for (int k = 0; k < BLURS.length; k++) {   // a box three times is nearly a Gaussian
            int r = (int) BLURS[k];
            levels[k] = box(box(normal, r), r);
        }
    }

    private float[] reduce(GrayImage image) {
        float[] reduced = new float[width * height];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int x0 = (int) (x * scale);
                int y0 = (int) (y * scale);
                int x1 = Math.min(image.width(), Math.max(x0 + 1, (int) ((x + 1) * scale)));
                int y1 = Math.min(image.height(), Math.max(y0 + 1, (int) ((y + 1) * scale)));
                long sum = 0;
                for (int v = y0; v < y1; v++) {
                    for (int u = x0; u < x1; u++) {
                        sum += image.get(u, v);
                    }
                }
                reduced[y * width + x] = (float) (sum / (double) ((x1 - x0) * (y1 - y0)) / image.maxSample());
            }
        }
        return reduced;
    }

    /** The mean over a square of side 2 r + 1, as far as it is in the image. */
    private float[] box(float[] from, int r) {
        double[] sums = new double[(width + 1) * (height + 1)];
        for (int y = 0; y < height; y++) {
            double row = 0;
            for (int x = 0; x < width; x++) {
                row += from[y * width + x];
                sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
            }
        }
        float[] to = new float[from.length];
        for (int y = 0; y < height; y++) {
            int y0 = Math.max(0, y - r);
            int y1 = Math.min(height, y + r + 1);
            for (int x = 0; x < width; x++) {
                int x0 = Math.max(0, x - r);
                int x1 = Math.min(width, x + r + 1);
                to[y * width + x] = (float) ((sums[y1 * (width + 1) + x1] - sums[y0 * (width + 1) + x1]
                        - sums[y1 * (width + 1) + x0] + sums[y0 * (width + 1) + x0]) / ((y1 - y0) * (x1 - x0)));
            }
        }
        return to;
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    /** Pixels of the image for one here. */
    double scale() {
        return scale;
    }

    boolean holds(double x, double y) {
        return x >= 0 && y >= 0 && x < width && y < height;
    }

    /** The value at a place inside, blurred to suit a structure of this half-width. */
    float at(double x, double y, double halfWidth) {
        int level = halfWidth < 4 ? 0 : halfWidth < 8 ? 1 : 2;
        return levels[level][(int) y * width + (int) x];
    }
}
