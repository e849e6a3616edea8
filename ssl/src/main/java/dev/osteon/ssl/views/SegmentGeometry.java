package dev.osteon.ssl.views;

/**
 * Where a segment's pixels are not zero, as a summed-area table (Crow 1984): the number of them in any rectangle, in
 * four look-ups.
 */
public final class SegmentGeometry {

    private final int height;
    private final int width;
    private final int[] sums;   // [height + 1, width + 1]

    /** Whether a pixel is not zero. */
    @FunctionalInterface
    public interface Mask {
        boolean at(int y, int x);
    }

    /** @param mask of rows 0 … {@code height} − 1 and columns 0 … {@code width} − 1 */
    public SegmentGeometry(int height, int width, Mask mask) {
        this.height = height;
        this.width = width;
        sums = new int[(height + 1) * (width + 1)];
        for (int y = 0; y < height; y++) {
            int row = 0;
            for (int x = 0; x < width; x++) {
                row += mask.at(y, x) ? 1 : 0;
                sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
            }
        }
    }

    public int height() {
        return height;
    }

    public int width() {
        return width;
    }

    /** Non-zero pixels in rows y0 … y1 and columns x0 … x1, both ends included; outside the image there are none. */
    public int count(int y0, int x0, int y1, int x1) {
        int top = Math.max(0, y0);
        int left = Math.max(0, x0);
        int bottom = Math.min(height, y1 + 1);
        int right = Math.min(width, x1 + 1);
        if (top >= bottom || left >= right) {
            return 0;
        }
        int stride = width + 1;
        return sums[bottom * stride + right] - sums[top * stride + right] - sums[bottom * stride + left]
                + sums[top * stride + left];
    }

    /**
     * Non-zero pixels of a view as it will be sampled: an output pixel is not zero when a source pixel within its
     * filter
     * is not. Counting stops at {@code enough}.
     */
    public int countSampled(View view, int enough) {
        AffineMatrix m = view.matrix();
        int size = view.size();
        double sx = m.supportX();
        double sy = m.supportY();
        if (boundingCount(m, size, sx, sy) == 0) {
            return 0;
        }
        int found = 0;
        for (int v = 0; v < size; v++) {
            for (int u = 0; u < size; u++) {
                double x = m.x(u, v);
                double y = m.y(u, v);
                int hit = count((int) Math.floor(y - sy) + 1, (int) Math.floor(x - sx) + 1,
                        (int) Math.ceil(y + sy) - 1, (int) Math.ceil(x + sx) - 1);
                found += hit > 0 ? 1 : 0;
            }
            if (found >= enough) {
                return found;
            }
        }
        return found;
    }

    /** Non-zero pixels in the rectangle that holds all that the view reads: none means an empty view, at once. */
    private int boundingCount(AffineMatrix m, int size, double sx, double sy) {
        double end = size - 1;
        double x0 = Math.min(Math.min(m.x(0, 0), m.x(end, 0)), Math.min(m.x(0, end), m.x(end, end)));
        double x1 = Math.max(Math.max(m.x(0, 0), m.x(end, 0)), Math.max(m.x(0, end), m.x(end, end)));
        double y0 = Math.min(Math.min(m.y(0, 0), m.y(end, 0)), Math.min(m.y(0, end), m.y(end, end)));
        double y1 = Math.max(Math.max(m.y(0, 0), m.y(end, 0)), Math.max(m.y(0, end), m.y(end, end)));
        return count((int) Math.floor(y0 - sy), (int) Math.floor(x0 - sx), (int) Math.ceil(y1 + sy),
                (int) Math.ceil(x1 + sx));
    }
}
