package dev.osteon.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** ResNet-50 training steps of ours and of libtorch in turn. */
public final class StepComparison {

    private static final int WARM_UP = 3;

    private StepComparison() {}

    /** @param arguments batch, image size, threads, rounds, and the file to write the result to */
    public static void main(String[] arguments) throws IOException {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("work", "ResNet-50 training step, float32, batch " + arguments[0] + " at " + arguments[1] + "², "
                + arguments[2] + " threads");
        result.put("machine", Machine.describe());
        result.putAll(WorkMain.compare("libtorch", List.of(arguments[2]), WARM_UP, Integer.parseInt(arguments[3]), 1,
                "step", arguments[0], arguments[1]));
        Results.write(result, Path.of(arguments[4]));
    }
}
