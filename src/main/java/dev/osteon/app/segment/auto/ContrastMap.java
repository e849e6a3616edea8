package dev.osteon.app.segment.auto;

import dev.osteon.app.image.GrayImage;
import java.util.Arrays;

/**
 * The image reduced, or enlarged, to a longest side of {@value #LONGEST} pixels, less its local mean and over its local
 * standard deviation, at several degrees of blur: what is left of bone against soft tissue, and of soft tissue against
 * air, is alike across exposures, frames and letters.
 */
final class ContrastMap {

    static final int LONGEST = 384;
    private static final double NEIGHBOURHOOD = 0.11;
    /** Of the range of levels, which may be a small part of what the samples can hold: 12 bits in 16, for one. */
    private static final double LEAST_DEVIATION = 0.03;
    /** Of the pixels in order: what lies outside is no part of the range. */
    private static final double ENDS = 0.005;
    private static final double ROUNDING = 1e-6;
    private static final double[] BLURS = {1, 2, 3};

    private final int width;
    private final int height;
    private final double scale;
    private final float[][] levels = new float[BLURS.length][];

    ContrastMap(GrayImage image) {
        scale = Math.max(image.width(), image.height()) / (double) LONGEST;
        width = Math.max(1, (int) (image.width() / scale + ROUNDING));
        height = Math.max(1, (int) (image.height() / scale + ROUNDING));
        float[] reduced = scale > 1 ? reduced(image) : enlarged(image);
        double least = LEAST_DEVIATION * Math.max(range(reduced), Float.MIN_NORMAL);
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
            normal[i] = (float) Math.clamp((reduced[i] - mean[i]) / (deviation + least), -3, 3);
        }
        for (int k = 0; k < BLURS.length; k++) {   // a box three times is nearly a Gaussian
            int r = (int) BLURS[k];
            levels[k] = box(box(normal, r), r);
        }
    }

    private static double range(float[] levels) {
        float[] sorted = levels.clone();
        Arrays.sort(sorted);
        int end = (int) (ENDS * (sorted.length - 1));
        return sorted[sorted.length - 1 - end] - sorted[end];
    }

    /** Between the four nearest samples, with pixel centres at halves. */
    private float[] enlarged(GrayImage image) {
        float[] enlarged = new float[width * height];
        for (int y = 0; y < height; y++) {
            double v = Math.clamp((y + 0.5) * scale - 0.5, 0, image.height() - 1);
            int upper = (int) v;
            int lower = Math.min(upper + 1, image.height() - 1);
            for (int x = 0; x < width; x++) {
                double u = Math.clamp((x + 0.5) * scale - 0.5, 0, image.width() - 1);
                int left = (int) u;
                int right = Math.min(left + 1, image.width() - 1);
                double above = image.get(left, upper) + (u - left) * (image.get(right, upper) - image.get(left, upper));
                double below = image.get(left, lower) + (u - left) * (image.get(right, lower) - image.get(left, lower));
                enlarged[y * width + x] = (float) ((above + (v - upper) * (below - above)) / image.maxSample());
            }
        }
        return enlarged;
    }

    private float[] reduced(GrayImage image) {
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
