package dev.osteon.app.config;

import com.fasterxml.jackson.databind.JsonNode;
import dev.osteon.app.UserError;
import dev.osteon.models.ResNetSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What each number of a configuration may be, so that a mistake is told before any work is done. */
final class Ranges {

    /** Far more threads than any machine has use for; beyond it the system refuses to start them. */
    private static final int MOST_THREADS = 256;

    private static final List<String> DEVICES = List.of("auto", "cpu", "reference", "cuda");
    private static final Map<String, Range> RANGES = new LinkedHashMap<>();

    static {
        put(0, MOST_THREADS, "threads");
        put(1, 1 << 14, "data.longestSide", "views.globalSize", "views.localSize", "probe.size");
        put(1, 1 << 24, "data.subjects");
        put(0.02, 1, "data.phantomScale");
        put(2, 64, "views.globalCount");   // the loss compares every view with the first two global ones
        put(0, 64, "views.localCount");
        put(1e-6, 1, "views.globalMinScale", "views.globalMaxScale", "views.localMinScale", "views.localMaxScale");
        put(0, 180, "views.rotationDegrees");
        put(0, 1, "views.minShare", "pretrain.momentum");
        put(1, 1 << 20, "views.maxTries", "probe.epochs", "probe.batch", "encoder.width");
        put(0, 1 << 20, "head.hidden", "head.output", "pretrain.microBatch");
        put(0, 64, "head.layers");
        put(0, 1 << 20, "pretrain.epochs", "pretrain.warmupEpochs");
        put(2, 1 << 20, "pretrain.batch");
        put(1e-6, 1e6, "pretrain.temperature");
        put(0, 1e6, "pretrain.learningRate", "pretrain.finalLearningRate", "pretrain.weightDecay", "pretrain.trust",
                "probe.weightDecay");
        put(1e-12, 1e6, "probe.learningRate");
        put(1e-6, 1e6, "supcon.baseTemperature", "swav.epsilon");
        put(0, 1 << 20, "swav.prototypes", "swav.queueFromEpoch");
        put(1, 1 << 20, "swav.iterations");
        put(-1, 1 << 24, "swav.freezeSteps");
        put(0, 1 << 24, "swav.queueRows");
        put(0, 1e6, "vicreg.invariance", "vicreg.variance", "vicreg.covariance");
        put(1, 1 << 24, "evaluation.resamples");
    }

    private record Range(double least, double most) {}

    private Ranges() {}

    private static void put(double least, double most, String... keys) {
        for (String key : keys) {
            RANGES.put(key, new Range(least, most));
        }
    }

    /** @throws UserError naming the first key whose value is out of range, what was given, and what it may be */
    static void check(JsonNode config) {
        RANGES.forEach((key, range) -> {
            JsonNode value = config.at("/" + key.replace('.', '/'));
            double number = value.asDouble();
            if (!(number >= range.least && number <= range.most)) {   // NaN is neither
                throw new UserError("configuration key " + key + ": given " + value.asText() + "; expected a number "
                        + "from " + text(range.least) + " to " + text(range.most));
            }
        });
        for (String views : List.of("global", "local")) {
            double least = config.at("/views/" + views + "MinScale").asDouble();
            double most = config.at("/views/" + views + "MaxScale").asDouble();
            if (least > most) {
                throw new UserError("configuration key views." + views + "MinScale: given " + least
                        + ", which is above views." + views + "MaxScale = " + most + "; expected at most that");
            }
        }
        String architecture = config.at("/encoder/architecture").asText();
        if (!ResNetSpec.NAMES.contains(architecture)) {
            throw new UserError("configuration key encoder.architecture: given " + architecture + "; expected "
                    + String.join(" or ", ResNetSpec.NAMES));
        }
        if (config.at("/swav/prototypes").asInt() == 1) {
            throw new UserError("configuration key swav.prototypes: given 1; expected 2 or more, or 0 for what suits "
                    + "the number of samples");
        }
        String device = config.at("/device").asText();
        if (!DEVICES.contains(device)) {
            throw new UserError("--device: given " + device + "; expected " + String.join(" or ", DEVICES));
        }
    }

    private static String text(double bound) {
        return bound == Math.rint(bound) ? String.valueOf((long) bound) : String.valueOf(bound);
    }
}
