package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.AffineCropResize.Border;
import dev.osteon.engine.op.AffineCropResize.Filter;
import dev.osteon.engine.tensor.Tensor;

/**
 * Which source pixels one pixel of a view is made of: {@code weightsX[i]} is that of column {@code firstX} + i,
 * {@code weightsY[j]} that of row {@code firstY} + j. One thread's working memory, filled anew for each pixel.
 */
final class CropTaps {

    private final AffineCropResize op;
    private final int height;
    private final int width;
    private double[] m = new double[6];
    private int start;
    private double sx;
    private double sy;

    float[] weightsX = new float[16];
    float[] weightsY = new float[16];
    int firstX;
    int firstY;
    int countX;
    int countY;

    CropTaps(AffineCropResize op, int height, int width) {
        this.op = op;
        this.height = height;
        this.width = width;
    }

    /** All views' matrices, one after the other. */
    static double[] matrices(Tensor tensor) {
        double[] values = new double[(int) tensor.size()];
        Strip.of(tensor).read(0, 1, values, values.length);
        return values;
    }

    /** Takes the matrix that begins at {@code matrices[at]} from now on. */
    void view(double[] matrices, int at) {
        m = matrices;
        start = at;
        sx = Math.max(1, Math.hypot(m[at], m[at + 1]));
        sy = Math.max(1, Math.hypot(m[at + 3], m[at + 4]));
    }

    /** Whether pixel (u, v) of the view may be made of some of the source's rows {@code from} to {@code to} − 1. */
    boolean mayTouch(int u, int v, int from, int to) {
        double ys = row(u, v);
        return ys + sy >= from && ys - sy <= to - 1;
    }

    private double row(int u, int v) {
        return m[start + 3] * u + m[start + 4] * v + m[start + 5];
    }

    /** The weights of pixel (u, v). */
    void pixel(int u, int v) {
        weights(m[start] * u + m[start + 1] * v + m[start + 2], row(u, v));
    }

    private void weights(double xs, double ys) {
        if (op.filter() == Filter.NEAREST) {
            firstX = (int) Math.rint(xs);
            firstY = (int) Math.rint(ys);
            countX = firstX >= 0 && firstX < width ? 1 : 0;
            countY = firstY >= 0 && firstY < height ? 1 : 0;
            weightsX[0] = 1;
            weightsY[0] = 1;
            return;
        }
        int mostX = (int) Math.ceil(2 * sx) + 1;
        int mostY = (int) Math.ceil(2 * sy) + 1;
        if (weightsX.length < mostX) {
            weightsX = new float[mostX];
        }
        if (weightsY.length < mostY) {
            weightsY = new float[mostY];
        }
        firstX = Math.max(0, lowest(xs, sx));
        countX = axis(xs, sx, width, weightsX);
        firstY = Math.max(0, lowest(ys, sy));
        countY = axis(ys, sy, height, weightsY);
    }

    /** The first position within the triangle's support. */
    private static int lowest(double centre, double support) {
        return (int) Math.floor(centre - support) + 1;
    }

    /** Triangle weights of the positions inside the image, divided as the border asks; how many there are. */
    private int axis(double centre, double support, int size, float[] weights) {
        int low = lowest(centre, support);
        int high = (int) Math.ceil(centre + support) - 1;
        int first = Math.max(0, low);
        int count = Math.max(0, Math.min(size - 1, high) - first + 1);
        double slope = 1 / support;
        double sum = 0;
        for (int i = 0; i < count; i++) {
            double w = 1 - Math.abs(first + i - centre) * slope;
            sum += w;
            weights[i] = (float) w;
        }
        if (op.border() == Border.ZERO && count <= high - low) {
            sum += outside(centre, slope, low, high, size);
        }
        float scale = sum > 0 ? (float) (1 / sum) : 0;
        for (int i = 0; i < count; i++) {
            weights[i] *= scale;
        }
        return count;
    }

    /** The weights of positions outside the image, where zeros are. */
    private static double outside(double centre, double slope, int low, int high, int size) {
        double sum = 0;
        for (int i = low; i <= high; i++) {
            sum += i < 0 || i >= size ? 1 - Math.abs(i - centre) * slope : 0;
        }
        return sum;
    }
}
