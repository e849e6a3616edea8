package dev.osteon.app.data;

import java.util.List;
import java.util.Map;

/**
 * The rows of a label table that a task uses.
 *
 * @param leftOut how many rows were left out, by reason
 */
public record Samples(List<Sample> rows, Map<String, Integer> leftOut) {

    public int[] labels() {
        return rows.stream().mapToInt(Sample::label).toArray();
    }

    public List<String> subjects() {
        return rows.stream().map(Sample::subject).toList();
    }

    /** Number of rows of class {@code label}. */
    public long count(int label) {
        return rows.stream().filter(row -> row.label() == label).count();
    }
}
