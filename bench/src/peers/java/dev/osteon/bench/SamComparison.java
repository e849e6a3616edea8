package dev.osteon.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Segment Anything's encoder and decoder, ours and onnxruntime's in turn. */
public final class SamComparison {

    private static final int WARM_UP = 8;
    /** Decoder runs in a turn: a person's clicks, one after another. */
    private static final int CLICKS = 25;

    private SamComparison() {}

    /** @param arguments folder with encoder.onnx and decoder.onnx, threads, rounds, file for the result, commit */
    public static void main(String[] arguments) throws IOException {
        int rounds = Integer.parseInt(arguments[2]);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("work", "one run, float32, " + arguments[1] + " threads: encoder 1 × 3 × 1024 × 1024, decoder with "
                + "3 + 3 points to its low-resolution mask");
        result.put("machine", Machine.describe());
        result.put("commit", arguments[4]);
        result.put("encoder", WorkMain.compare("onnxruntime", List.of(arguments[1], arguments[0]), WARM_UP, rounds, 1,
                SamWork.ENCODER.name()));
        result.put("decoder", WorkMain.compare("onnxruntime", List.of(arguments[1], arguments[0]), 2 * WARM_UP,
                rounds, CLICKS, SamWork.DECODER.name()));
        Results.write(result, Path.of(arguments[3]));
    }
}
