package dev.osteon.engine.backend.host;

import dev.osteon.engine.backend.host.AxisWeights.Taps;
import dev.osteon.engine.op.Resize;
import java.util.Arrays;

/** What resizing reads of an axis, by filter. */
public final class ResizeWeights {

    private ResizeWeights() {}

    /** The weights of one axis of {@code in} positions resized to {@code out}. */
    public static AxisWeights axis(Resize.Filter filter, int in, int out) {
        return AxisWeights.of(out, i -> switch (filter) {
            case NEAREST -> new Taps((int) ((long) i * in / out), new double[] {1});
            case BILINEAR -> bilinear(i, in, out);
            case ANTIALIAS -> antialias(i, in, out);
        });
    }

    /** Torch's {@code align_corners=False}: left of the first centre and right of the last the border's value. */
    private static Taps bilinear(int i, int in, int out) {
        double source = Math.max(0, (i + 0.5) * in / out - 0.5);
        int left = Math.min((int) source, in - 1);
        double right = source - left;
        return left == in - 1 ? new Taps(left, new double[] {1}) : new Taps(left, new double[] {1 - right, right});
    }

    /** Pillow's resampling with the triangle filter, as in torch's {@code interpolate(antialias=True)}. */
    private static Taps antialias(int i, int in, int out) {
        double support = Math.max(1, (double) in / out);
        double centre = (i + 0.5) * in / out;                   // in coordinates whose pixel j spans j to j + 1
        int from = Math.max(0, (int) (centre - support + 0.5));
        int to = Math.min(in, (int) (centre + support + 0.5));
        double[] weights = new double[to - from];
        Arrays.setAll(weights, j -> Math.max(0, 1 - Math.abs((from + j - centre + 0.5) / support)));
        double sum = Arrays.stream(weights).sum();
        Arrays.setAll(weights, j -> weights[j] / sum);
        return new Taps(from, weights);
    }
}
