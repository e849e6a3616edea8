package dev.osteon.ssl.data;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.osteon.engine.EngineException;
import dev.osteon.ssl.views.SegmentGeometry;
import java.lang.foreign.MemorySegment;
import java.util.function.IntToDoubleFunction;

/**
 * One bone segment: 16-bit grey levels, zero outside the bone.
 *
 * @param levels [height, width], row-major; unsigned
 */
public record Segment(short[] levels, int height, int width) {

    /** The brightest level: a pixel of 1. */
    public static final int WHITE = 65535;

    public Segment {
        if (height < 1 || width < 1 || levels.length != (long) height * width) {
            throw new EngineException("segment: given " + levels.length + " levels for " + height + " × " + width
                    + " pixels; expected one for each of one or more pixels");
        }
    }

    /** Of pixels in [0, 1], to the nearest level: what is not 0 stays so. */
    public static Segment of(float[] pixels, int height, int width) {
        short[] levels = new short[pixels.length];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = level((double) WHITE * pixels[i]);
        }
        return new Segment(levels, height, width);
    }

    /** The darkest pixel of a bone must not become background. */
    private static short level(double value) {
        return (short) (value > 0 ? Math.clamp(Math.round(value), 1, WHITE) : 0);
    }

    /** The segment at the top left of a canvas that begins at element {@code first} and is {@code side} wide. */
    static Segment from(MemorySegment canvases, long first, int side, int height, int width) {
        short[] levels = new short[height * width];
        for (int y = 0; y < height; y++) {
            MemorySegment.copy(canvases, JAVA_SHORT, (first + (long) y * side) * Short.BYTES, levels, y * width, width);
        }
        return new Segment(levels, height, width);
    }

    /** Draws it where {@link #from} reads it. */
    void drawOn(MemorySegment canvases, long first, int side) {
        for (int y = 0; y < height; y++) {
            MemorySegment.copy(levels, y * width, canvases, JAVA_SHORT, (first + (long) y * side) * Short.BYTES, width);
        }
    }

    /** Its pixels [height, width] in [0, 1]: for people. */
    public float[] pixels() {
        float[] pixels = new float[levels.length];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (levels[i] & WHITE) / (float) WHITE;
        }
        return pixels;
    }

    /** Where it is not zero. */
    public SegmentGeometry geometry() {
        return new SegmentGeometry(height, width, (y, x) -> levels[y * width + x] != 0);
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
                rows[y * width + x] = (float) average(i -> levels[i] & WHITE, x, width, from, to);
            }
        }
        short[] scaled = new short[h * w];
        for (int y = 0; y < h; y++) {
            for (int x = 0; x < w; x++) {
                scaled[y * w + x] = level(average(i -> rows[i], y * width, 1, (double) x * width / w,
                        (double) (x + 1) * width / w));
            }
        }
        return new Segment(scaled, h, w);
    }

    /** The mean over [from, to) of the elements start + k·step, each k weighing as much as of it is covered. */
    private static double average(IntToDoubleFunction values, int start, int step, double from, double to) {
        double sum = 0;
        for (int k = (int) from; k < Math.ceil(to - 1e-9); k++) {
            sum += values.applyAsDouble(start + k * step) * (Math.min(k + 1, to) - Math.max(k, from));
        }
        return sum / (to - from);
    }
}
