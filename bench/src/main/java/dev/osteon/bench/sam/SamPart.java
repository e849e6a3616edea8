package dev.osteon.bench.sam;

import dev.osteon.bench.Work;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** The halves of Segment Anything with the inputs that all implementations are given. */
public enum SamPart {
    ENCODER("encoder.onnx", ""), DECODER("decoder.onnx", "low_res_masks");

    private static final int SIDE = 1024;

    private final String file;
    private final String output;

    SamPart(String file, String output) {
        this.file = file;
        this.output = output;
    }

    /** Of one input or output. */
    public record Values(float[] values, int... shape) {}

    public String file() {
        return file;
    }

    /** The output that is wanted, empty for the only one. */
    public String output() {
        return output;
    }

    /** Inputs by name: noise for the encoder; for the decoder an embedding of noise, and three points of each kind. */
    public Map<String, Values> inputs() {
        Map<String, Values> inputs = new LinkedHashMap<>();
        if (this == ENCODER) {
            inputs.put("input", noise(1, 3, SIDE, SIDE));
            return inputs;
        }
        inputs.put("image_embeddings", noise(1, 256, 64, 64));
        inputs.put("point_coords", new Values(new float[] {300, 200, 310, 500, 320, 800, 200, 500, 450, 500, 320, 950,
            0, 0}, 1, 7, 2));
        inputs.put("point_labels", new Values(new float[] {1, 1, 1, 0, 0, 0, -1}, 1, 7));
        inputs.put("mask_input", new Values(new float[256 * 256], 1, 1, 256, 256));
        inputs.put("has_mask_input", new Values(new float[] {0}, 1));
        inputs.put("orig_im_size", new Values(new float[] {256, 256}, 2));
        return inputs;
    }

    private static Values noise(int... shape) {
        int size = 1;
        for (int dim : shape) {
            size *= dim;
        }
        Random random = new Random(1);
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return new Values(values, shape);
    }

    /** By which implementations are compared: the mean magnitude of an output. */
    public static Work.Outcome outcome(float[] values) {
        double sum = 0;
        for (float value : values) {
            sum += Math.abs(value);
        }
        return new Work.Outcome(sum / values.length, 0);
    }
}
