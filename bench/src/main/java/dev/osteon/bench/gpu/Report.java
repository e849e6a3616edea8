package dev.osteon.bench.gpu;

import dev.osteon.bench.Results;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The check's two result files, written anew after each part: JSON for programs, Markdown for people. */
final class Report {

    private static final String EMULATOR = "emulator: no figure of speed";

    private final Path folder;
    private final Map<String, Object> facts = new LinkedHashMap<>();
    private final Map<String, Object> parts = new LinkedHashMap<>();
    private final List<String> summary = new ArrayList<>();
    private final List<String> details = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();

    Report(Path folder, String device, boolean emulator) {
        this.folder = folder;
        facts.put("work", "the GPU backend checked and measured; wall-clock time around synchronised batches of work, "
                + "medians");
        if (emulator) {
            facts.put("note", EMULATOR);
        }
        facts.put("device", device);
        facts.put("time", ZonedDateTime.now().truncatedTo(ChronoUnit.SECONDS).toString());
    }

    void fact(String name, String value) {
        facts.put(name, value);
    }

    void fact(String name, long value) {
        facts.put(name, value);
    }

    void add(String part, Section section, Duration took) {
        boolean passed = section.failures().isEmpty();
        Map<String, Object> entry = new LinkedHashMap<>();
        entry.put("status", passed ? "passed" : "failed");
        entry.put("seconds", took.toMillis() / 1e3);
        if (!passed) {
            entry.put("failures", section.failures());
        }
        entry.putAll(section.facts());
        parts.put(part, entry);
        section.failures().forEach(message -> failures.add(part + ": " + message));
        summary.add("| " + part + " | " + (passed ? "passed" : "**failed**") + " | " + took.toSeconds() + " |");
        details.add("\n## " + part + "\n");
        details.addAll(section.lines());
        section.failures().forEach(message -> details.add("\n**Failed:** " + message));
        System.err.println("gpu-check: " + part + " " + (passed ? "passed" : "failed: " + String.join("; ", section
                .failures())) + ", " + took.toSeconds() + " s");
        save();
    }

    List<String> failures() {
        return failures;
    }

    void save() {
        Map<String, Object> all = new LinkedHashMap<>(facts);
        all.put("status", failures.isEmpty() ? "passed" : "failed");
        all.put("parts", parts);
        StringBuilder text = new StringBuilder("# GPU check\n\n");
        if (facts.containsKey("note")) {
            text.append("**").append(facts.get("note")).append("**\n\n");
        }
        facts.forEach((name, value) -> text.append("- ").append(name).append(": ").append(value).append('\n'));
        text.append("\n| part | result | seconds |\n|---|---|---|\n").append(String.join("\n", summary)).append('\n');
        failures.forEach(message -> text.append("\n**Failed:** ").append(message).append('\n'));
        text.append(String.join("\n", details)).append('\n');
        try {
            Results.save(all, folder.resolve("gpu-check.json"));
            AtomicFile.write(folder.resolve("gpu-check.md"), text.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
