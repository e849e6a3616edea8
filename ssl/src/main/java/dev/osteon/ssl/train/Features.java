package dev.osteon.ssl.train;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.nn.Mode;
import dev.osteon.nn.Module;
import dev.osteon.ssl.data.SegmentStore;
import java.util.Arrays;

/**
 * What a frozen encoder makes of whole segments.
 *
 * @param rows one feature vector for each segment of the store
 */
public record Features(float[][] rows) {

    private static final int BATCH = 64;

    /** Runs the encoder in evaluation mode, so that its running statistics stay as they are, over all segments. */
    public static Features of(Module encoder, SegmentStore segments, int size) {
        encoder.mode(Mode.EVAL);
        float[][] rows = new float[segments.size()][];
        for (int from = 0; from < rows.length; from += BATCH) {
            int start = from;
            int[] samples = java.util.stream.IntStream.range(from, Math.min(rows.length, from + BATCH)).toArray();
            try (TensorScope scope = TensorScope.open()) {
                float[] flat = encoder.forward(segments.whole(samples, size)).toFloats();
                int width = flat.length / samples.length;
                for (int i = 0; i < samples.length; i++) {
                    rows[start + i] = Arrays.copyOfRange(flat, i * width, (i + 1) * width);
                }
            }
        }
        return new Features(rows);
    }

    public int width() {
        return rows[0].length;
    }

    /** Each feature with mean 0 and standard deviation 1 over the samples given; constant ones become 0. */
    public Features standardised(int[] over) {
        Standardisation standardisation = standardisation(over);
        float[][] scaled = new float[rows.length][width()];
        for (int n = 0; n < rows.length; n++) {
            for (int k = 0; k < width(); k++) {
                scaled[n][k] = (float) ((rows[n][k] - standardisation.mean[k]) * standardisation.scale[k]);
            }
        }
        return new Features(scaled);
    }

    /**
     * (x − mean) · scale, feature by feature.
     *
     * @param scale 1 / standard deviation; 0 for a feature that is constant
     */
    public record Standardisation(double[] mean, double[] scale) {}

    /** What gives each feature mean 0 and standard deviation 1 over the samples given. */
    public Standardisation standardisation(int[] over) {
        int width = width();
        double[] mean = new double[width];
        double[] square = new double[width];
        for (int n : over) {
            for (int k = 0; k < width; k++) {
                mean[k] += rows[n][k] / over.length;
                square[k] += (double) rows[n][k] * rows[n][k] / over.length;
            }
        }
        double[] scale = new double[width];
        for (int k = 0; k < width; k++) {
            double deviation = Math.sqrt(Math.max(0, square[k] - mean[k] * mean[k]));
            scale[k] = deviation > 1e-6 * Math.max(1, Math.abs(mean[k])) ? 1 / deviation : 0;
        }
        return new Standardisation(mean, scale);
    }
}
