package dev.osteon.app.report;

import dev.osteon.app.config.RunConfig;
import dev.osteon.ssl.metrics.BinaryMetrics;
import dev.osteon.ssl.metrics.Interval;
import dev.osteon.ssl.train.LinearProbe;
import dev.osteon.ssl.train.PretextTrainer;
import java.util.List;
import java.util.Map;

/**
 * All that a report shows.
 *
 * @param splits    table of the parts: name → samples, subjects, positives
 * @param figures   part → figure → value with its interval; parts are validation, test and test per subject
 * @param threshold the decision threshold
 * @param roc       of the test samples
 * @param pretext   one row an epoch
 * @param probe     one row an epoch
 * @param pictures  sample segments with their views
 * @param timing    seconds by phase, in order
 * @param facts     environment and provenance, in order
 */
public record RunResult(RunConfig config, List<Part> splits, Map<String, Map<String, Interval>> figures,
        double threshold, List<BinaryMetrics.RocPoint> roc, List<PretextTrainer.Epoch> pretext, LinearProbe.Fit probe,
        List<Picture> pictures, String viewStatistics, Map<String, Double> timing, Map<String, String> facts) {

    /** One part of the split. */
    public record Part(String name, int samples, int subjects, long positives) {}

    /** A segment and some of its views, as PNG. */
    public record Picture(String caption, byte[] segment, List<byte[]> views) {}
}
