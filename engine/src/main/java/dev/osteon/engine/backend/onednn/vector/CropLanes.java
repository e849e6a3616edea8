package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.AffineCropResize.Border;
import dev.osteon.engine.op.AffineCropResize.Filter;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Views by the triangle filter, a vector of neighbouring pixels at a time; what lies outside an image is 0. The part of
 * the image that a view shows is copied first, with zeros around it: then each pixel has all of its taps, none has to
 * be looked at for lying outside, and a vector of them is one gather from an array. One thread's working memory.
 */
final class CropLanes {

    /** Floats of its size are whole numbers, 1 apart: what is added to it is rounded. */
    private static final float ROUNDING = 1.5f * (1 << 23);
    private static final FloatVector NUMBERS = FloatVector.broadcast(Lanes.F32, 0).addIndex(1);

    private final CropPixels source;
    private final MemorySegment target;
    private final int height;
    private final int width;
    private final int outputHeight;
    private final int outputWidth;
    private final int[] at;                       // of a row's pixels: first tap in the window
    private final float[] fromX;                  // their distances from it
    private final float[] fromY;
    private final float[] upper;                  // between the taps of one line
    private final float[] lower;

    private double[] m = new double[6];
    private int start;
    private double sx;
    private double sy;
    private int tapsX;
    private int tapsY;
    private float[] weightsX = new float[0];      // [tapsX, lanes]
    private float[] weightsY = new float[0];

    private float[] window = new float[0];        // [windowHeight, windowWidth]
    private int windowHeight;
    private int windowWidth;
    private int left;                             // of the window in the image; negative in the zeros
    private int top;

    CropLanes(Tensor images, Tensor views) {
        source = CropPixels.of(images);
        target = Lanes.global(views.segment());
        height = images.dim(2);
        width = images.dim(3);
        outputHeight = views.dim(2);
        outputWidth = views.dim(3);
        int vectors = (outputWidth + Lanes.COUNT - 1) / Lanes.COUNT;
        at = new int[vectors * Lanes.COUNT];
        fromX = new float[at.length];
        fromY = new float[at.length];
        upper = new float[at.length];
        lower = new float[at.length];
    }

    /** Whether views are of this kind, and the machine gathers. */
    static boolean take(AffineCropResize op, Tensor images, Tensor views) {
        return op.filter() == Filter.TRIANGLE && op.border() == Border.ZERO && Lanes.COUNT >= 8
                && images.layout() == Layout.ROW_MAJOR && views.layout() == Layout.ROW_MAJOR;
    }

    /**
     * Rows {@code from} to {@code to} − 1 of one plane of a view.
     *
     * @param plane    of the images, counted through
     * @param into     plane of the views
     * @param matrices all views' matrices
     * @param matrix   where this view's begins in them
     */
    void rows(long plane, long into, int from, int to, double[] matrices, int matrix) {
        m = matrices;
        start = matrix;
        sx = Math.max(1, Math.hypot(m[start], m[start + 1]));
        sy = Math.max(1, Math.hypot(m[start + 3], m[start + 4]));
        tapsX = (int) Math.ceil(2 * sx);
        tapsY = (int) Math.ceil(2 * sy);
        long first = into * outputHeight * outputWidth;
        if (!look(plane, from, to)) {
            target.asSlice((first + (long) from * outputWidth) * Float.BYTES,
                    (long) (to - from) * outputWidth * Float.BYTES).fill((byte) 0);
            return;
        }
        boolean reduces = sx > 1 || sy > 1;
        if (reduces) {
            weightsX = atLeast(weightsX, tapsX * Lanes.COUNT);
            weightsY = atLeast(weightsY, tapsY * Lanes.COUNT);
        }
        for (int v = from; v < to; v++) {
            long row = first + (long) v * outputWidth;
            place(v);
            if (reduces) {
                reduced(row);
            } else {
                bilinear(row);
            }
        }
    }

    private static float[] atLeast(float[] array, int length) {
        return array.length < length ? new float[length] : array;
    }

    private double x(double u, double v) {
        return m[start] * u + m[start + 1] * v + m[start + 2];
    }

    private double y(double u, double v) {
        return m[start + 3] * u + m[start + 4] * v + m[start + 5];
    }

    /** Copies what rows {@code from} to {@code to} − 1 show of a plane; false where that is nothing. */
    private boolean look(long plane, int from, int to) {
        double end = outputWidth - 1.0;
        double last = to - 1.0;
        double x0 = Math.min(Math.min(x(0, from), x(end, from)), Math.min(x(0, last), x(end, last)));
        double x1 = Math.max(Math.max(x(0, from), x(end, from)), Math.max(x(0, last), x(end, last)));
        double y0 = Math.min(Math.min(y(0, from), y(end, from)), Math.min(y(0, last), y(end, last)));
        double y1 = Math.max(Math.max(y(0, from), y(end, from)), Math.max(y(0, last), y(end, last)));
        int firstX = (int) Math.max(0, Math.floor(x0 - sx) - 1);          // 1 more: coordinates are rounded below
        int firstY = (int) Math.max(0, Math.floor(y0 - sy) - 1);
        int across = (int) Math.min(width - 1, Math.ceil(x1 + sx) + 1) - firstX + 1;
        int down = (int) Math.min(height - 1, Math.ceil(y1 + sy) + 1) - firstY + 1;
        if (across <= 0 || down <= 0) {
            return false;
        }
        windowWidth = across + 2 * tapsX;
        windowHeight = down + 2 * tapsY;
        left = firstX - tapsX;
        top = firstY - tapsY;
        int size = Math.multiplyExact(windowHeight, windowWidth);
        window = atLeast(window, size);
        Arrays.fill(window, 0, tapsY * windowWidth, 0);
        Arrays.fill(window, size - tapsY * windowWidth, size, 0);
        for (int j = 0; j < down; j++) {
            int row = (tapsY + j) * windowWidth;
            Arrays.fill(window, row, row + tapsX, 0);
            source.copy((plane * height + firstY + j) * width + firstX, window, row + tapsX, across);
            Arrays.fill(window, row + tapsX + across, row + windowWidth, 0);
        }
        return true;
    }

    // A row's pixels go through loops of their own one after the other, for what the compiler does not inline into one
    // large loop makes an object of each vector.

    /**
     * Where each pixel of row {@code v} has its first tap, and how far it is from that. Coordinates are relative to
     * those of a vector's first pixel, so that float32 holds their fractions.
     */
    private void place(int v) {
        for (int u = 0; u < outputWidth; u += Lanes.COUNT) {
            double x = x(u, v);
            double y = y(u, v);
            double baseX = Math.floor(x);
            double baseY = Math.floor(y);
            FloatVector xs = NUMBERS.fma((float) m[start], (float) (x - baseX));
            FloatVector ys = NUMBERS.fma((float) m[start + 3], (float) (y - baseY));
            FloatVector firstX = floor(xs.sub((float) sx)).add(1);
            FloatVector firstY = floor(ys.sub((float) sy)).add(1);
            located(firstX, baseX, firstY, baseY).intoArray(at, u);
            xs.sub(firstX).intoArray(fromX, u);
            ys.sub(firstY).intoArray(fromY, u);
        }
    }

    /** The row's pixels in a view that does not reduce: of two taps each way. */
    private void bilinear(long row) {
        between(0, upper);
        between(windowWidth, lower);
        for (int u = 0; u < outputWidth; u += Lanes.COUNT) {
            put(between(at(upper, u), at(lower, u), at(fromY, u)), u, row);
        }
    }

    private void between(int offset, float[] pixels) {
        for (int u = 0; u < outputWidth; u += Lanes.COUNT) {
            between(tap(offset, u), tap(offset + 1, u), at(fromX, u)).intoArray(pixels, u);
        }
    }

    /** a·(1 − w) + b·w */
    private static FloatVector between(FloatVector a, FloatVector b, FloatVector w) {
        return b.sub(a).fma(w, a);
    }

    /** The row's pixels in a view that reduces: each tap's triangle is wider. */
    private void reduced(long row) {
        for (int u = 0; u < outputWidth; u += Lanes.COUNT) {
            FloatVector scale = weigh(at(fromX, u), sx, tapsX, weightsX).mul(weigh(at(fromY, u), sy, tapsY, weightsY));
            put(weighted(u).div(scale), u, row);
        }
    }

    private FloatVector weighted(int u) {
        FloatVector sum = FloatVector.zero(Lanes.F32);
        for (int j = 0; j < tapsY; j++) {
            FloatVector line = FloatVector.zero(Lanes.F32);
            for (int i = 0; i < tapsX; i++) {
                line = tap(j * windowWidth + i, u).fma(at(weightsX, i * Lanes.COUNT), line);
            }
            sum = line.fma(at(weightsY, j * Lanes.COUNT), sum);
        }
        return sum;
    }

    private void put(FloatVector pixels, int u, long row) {
        if (u + Lanes.COUNT <= outputWidth) {
            Lanes.store(pixels, target, row + u);
        } else {
            pixels.intoMemorySegment(target, (row + u) * Float.BYTES, Lanes.ORDER,
                    Lanes.F32.indexInRange(u, outputWidth));
        }
    }

    /** Weights of taps for pixels that are so far from the first; their sum. */
    private static FloatVector weigh(FloatVector from, double support, int taps, float[] weights) {
        float slope = (float) (1 / support);
        FloatVector sum = FloatVector.zero(Lanes.F32);
        for (int i = 0; i < taps; i++) {
            FloatVector weight = from.sub(i).abs().mul(-slope).add(1).max(0);
            weight.intoArray(weights, i * Lanes.COUNT);
            sum = sum.add(weight);
        }
        return sum;
    }

    /** Where in the window the first taps lie; pixels that see nothing of the image get zeros from its edge. */
    private IntVector located(FloatVector firstX, double baseX, FloatVector firstY, double baseY) {
        IntVector column = whole(firstX.add((float) clamped(baseX - left)).max(0).min(windowWidth - tapsX));
        IntVector row = whole(firstY.add((float) clamped(baseY - top)).max(0).min(windowHeight - tapsY));
        return row.mul(windowWidth).add(column);
    }

    /** So that float32 holds every whole number that is added to it. */
    private static double clamped(double offset) {
        return Math.max(-1 << 22, Math.min(1 << 22, offset));
    }

    private FloatVector tap(int offset, int u) {
        return FloatVector.fromArray(Lanes.F32, window, offset, at, u);
    }

    private static FloatVector at(float[] array, int index) {
        return FloatVector.fromArray(Lanes.F32, array, index);
    }

    /** Of a whole number from −2²² to 2²²: conversions are larger than the compiler inlines here. */
    private static IntVector whole(FloatVector vector) {
        return vector.add(ROUNDING).reinterpretAsInts().sub(Float.floatToRawIntBits(ROUNDING));
    }

    /** Of numbers from −2²² to 2²². */
    private static FloatVector floor(FloatVector vector) {
        FloatVector nearest = vector.add(ROUNDING).sub(ROUNDING);
        return nearest.sub(1, nearest.compare(VectorOperators.GT, vector));
    }
}
