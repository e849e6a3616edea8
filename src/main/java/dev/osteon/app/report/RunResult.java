package dev.osteon.app.report;

import dev.osteon.app.config.RunConfig;
import dev.osteon.ssl.metrics.BinaryMetrics;
import dev.osteon.ssl.metrics.Interval;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All that a report shows.
 *
 * @param splits    table of the parts: name → samples, subjects, positives
 * @param figures   part → figure → value with its interval; parts are validation, test and test per subject
 * @param threshold the decision threshold
 * @param roc       of the test samples
 * @param curves    one row an epoch, or a candidate of the probe
 * @param chosen    which candidate counts
 * @param pictures  sample segments with their views
 * @param timing    seconds by phase, in order
 * @param facts     environment and provenance, in order
 */
public record RunResult(RunConfig config, List<Part> splits, Map<String, Map<String, Interval>> figures,
        double threshold, List<BinaryMetrics.RocPoint> roc, List<CurvePoint> curves, String chosen,
        List<Picture> pictures, Map<String, Double> timing, Map<String, String> facts) {

    /** The rows of one phase. */
    public List<CurvePoint> curve(String phase) {
        return curves.stream().filter(p -> p.phase().equals(phase)).toList();
    }

    /** Views that training drew, the draws they took, and those that stayed under the threshold. */
    public Map<String, Long> views() {
        Map<String, Long> views = new LinkedHashMap<>();
        for (String column : List.of("views", "draws", "sparse_views")) {
            views.put(column, (long) curve(CurvePoint.PRETEXT).stream().mapToDouble(p -> p.value(column)).sum());
        }
        return views;
    }

    /** One part of the split. */
    public record Part(String name, int samples, int subjects, long positives) {}

    /** A segment and some of its views, as PNG. */
    public record Picture(String caption, byte[] segment, List<byte[]> views) {}
}
