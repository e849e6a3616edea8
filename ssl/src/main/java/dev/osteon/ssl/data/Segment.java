package dev.osteon.ssl.data;

import dev.osteon.engine.views.SegmentGeometry;

/**
 * One bone segment: grey levels in [0, 1], zero outside the bone.
 *
 * @param pixels [height, width], row-major
 */
public record Segment(float[] pixels, int height, int width) {

    public static Segment of(float[] pixels, int height, int width) {
        return new Segment(pixels, height, width);
    }

    /** Where it is not zero. */
    public SegmentGeometry geometry() {
        return new SegmentGeometry(height, width, (y, x) -> pixels[y * width + x] != 0);
    }

    /** The same segment with its longer side at most {@code longest}, by averaging over areas; as it is if smaller. */
    public Segment within(int longest) {
        int side = Math.max(height, width);
        if (side <= longest) {
            return this;
        }
        double factor = (double) side / longest;
        int h = Math.max(1, (int) Math.round(height / factor));
        int w = Math.max(1, (int) Math.round(width / factor));
        float[] rows = new float[h * width];
        for (int y = 0; y < h; y++) {
            double from = (double) y * height / h;
            double to = (double) (y + 1) * height / h;
            for (int x = 0; x < width; x++) {
                rows[y * width + x] = average(pixels, x, width, from, to);
            }
        }
        float[] scaled = new float[h * w];
        for (int y = 0; y < h; y++) {
            for (int x = 0; x < w; x++) {
                scaled[y * w + x] = average(rows, y * width, 1, (double) x * width / w, (double) (x + 1) * width / w);
            }
        }
        return of(scaled, h, w);
    }

    /** The mean over [from, to) of the elements start + k·step, each k weighing as much as of it is covered. */
    private static float average(float[] values, int start, int step, double from, double to) {
        double sum = 0;
        for (int k = (int) from; k < Math.ceil(to - 1e-9); k++) {
            sum += values[start + k * step] * (Math.min(k + 1, to) - Math.max(k, from));
        }
        return (float) (sum / (to - from));
    }
}
