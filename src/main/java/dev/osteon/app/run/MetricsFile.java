package dev.osteon.app.run;

import dev.osteon.app.report.RunResult;
import dev.osteon.ssl.metrics.Interval;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code metrics.json}: figure by figure, with its 95 % interval, and what it was made with. */
final class MetricsFile {

    private MetricsFile() {}

    static void write(RunFolder folder, RunResult result) {
        Map<String, Object> json = new LinkedHashMap<>();
        result.figures().forEach((part, figures) -> {
            Map<String, Object> values = new LinkedHashMap<>();
            figures.forEach((name, interval) -> values.put(name, json(interval)));
            json.put(part.replace(' ', '_'), values);
        });
        json.put("threshold", result.threshold());
        Map<String, Object> splits = new LinkedHashMap<>();
        result.splits().forEach(part -> splits.put(part.name(), Map.of("samples", part.samples(), "subjects",
                part.subjects(), "positives", part.positives())));
        json.put("splits", splits);
        json.put("views", result.views());
        json.put("seconds", result.timing());
        json.put("provenance", result.facts());
        folder.writeJson("metrics.json", json);
    }

    private static Map<String, Double> json(Interval interval) {
        Map<String, Double> json = new LinkedHashMap<>();
        json.put("value", interval.value());
        json.put("low", interval.low());
        json.put("high", interval.high());
        return json;
    }
}
