package dev.osteon.app.data;

import dev.osteon.app.data.Task.Diagnosis;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A row of a table with labels.
 *
 * @param table  the file
 * @param line   that the row ends on, counted from 1
 * @param fields by column, whose names are in lower case
 */
public record LabelRow(Path table, long line, Map<String, String> fields) {

    private static final Set<String> ABSENT = Set.of("", "na", "n/a", "nan", "null", "none");
    private static final double MOST = 15;

    /** What a column has here; empty when there is no such column, or nothing in it. */
    public Optional<String> value(String column) {
        return Optional.ofNullable(fields.get(column)).map(String::strip)
                .filter(v -> !ABSENT.contains(v.toLowerCase(Locale.ROOT)));
    }

    /** Whether it says anything of the diagnosis. */
    public boolean isLabelled() {
        return value("t_score").isPresent() || value("label").isPresent();
    }

    /**
     * The class, 0 or 1, by the T-score if there is one, else by the label; empty when there is neither, or when the
     * task leaves it out.
     *
     * @throws LabelsException when one of them is not understood
     */
    public OptionalInt classFor(Task task) throws LabelsException {
        Optional<Double> tScore = tScore();
        if (tScore.isPresent()) {
            return task.classOf(tScore.get());
        }
        Optional<Diagnosis> diagnosis = diagnosis(false);
        return diagnosis.isPresent() ? task.classOf(diagnosis.get()) : OptionalInt.empty();
    }

    Optional<Double> tScore() throws LabelsException {
        Optional<String> text = value("t_score");
        if (text.isEmpty()) {
            return Optional.empty();
        }
        try {
            double score = Double.parseDouble(text.get().replace('\u2212', '-'));
            if (Math.abs(score) <= MOST) {
                return Optional.of(score);
            }
        } catch (NumberFormatException e) {
            // the message below covers both
        }
        throw error("column 't_score': '%s' is not a T-score; expected a number from -15 to 15, like -2.5"
                .formatted(text.get()));
    }

    /** @param tScoreKnown then another wording in the label column does no harm */
    Optional<Diagnosis> diagnosis(boolean tScoreKnown) throws LabelsException {
        Optional<String> text = value("label");
        if (text.isEmpty()) {
            return Optional.empty();
        }
        for (Diagnosis diagnosis : Diagnosis.values()) {
            if (diagnosis.name().equalsIgnoreCase(text.get())) {
                return Optional.of(diagnosis);
            }
        }
        if (tScoreKnown) {
            return Optional.empty();
        }
        throw error("column 'label': '%s' is not known; expected normal, osteopenia or osteoporosis"
                .formatted(text.get()));
    }

    LabelsException error(String what) {
        return new LabelsException("%s, line %d: %s".formatted(table, line, what));
    }
}
