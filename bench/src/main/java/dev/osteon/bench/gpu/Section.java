package dev.osteon.bench.gpu;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What one part of the check found: for programs, for people, and what failed. */
final class Section {

    /** Work that may fail; the section goes on with the next. */
    interface Attempt {
        void run() throws IOException;
    }

    private final Map<String, Object> facts = new LinkedHashMap<>();
    private final List<String> lines = new ArrayList<>();
    private final List<String> failures = new ArrayList<>();

    void fact(String name, Object value) {
        facts.put(name, value);
    }

    /** A line of Markdown. */
    void line(String markdown) {
        lines.add(markdown);
    }

    void row(Object... cells) {
        StringBuilder row = new StringBuilder("|");
        for (Object cell : cells) {
            row.append(' ').append(cell).append(" |");
        }
        lines.add(row.toString());
    }

    void header(String... names) {
        lines.add("");
        row((Object[]) names);
        lines.add("|" + "---|".repeat(names.length));
    }

    void failed(String message) {
        failures.add(message);
    }

    /** Notes a failure and goes on. */
    void attempt(Attempt attempt) {
        try {
            attempt.run();
        } catch (IOException e) {
            failed(e.getMessage());
        }
    }

    List<String> failures() {
        return failures;
    }

    Map<String, Object> facts() {
        return facts;
    }

    List<String> lines() {
        return lines;
    }
}
