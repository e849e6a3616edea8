package dev.osteon.app.data;

import dev.osteon.app.UserError;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.text.similarity.LevenshteinDistance;

/**
 * A folder's {@code labels.csv}: columns {@code file} and {@code t_score} or {@code label}; optionally {@code subject}
 * (otherwise each file is its own), {@code bone}, and {@code status}, of which only rows that say {@code ok} count.
 */
public final class LabelsFile {

    private static final String NAME = "labels.csv";

    private LabelsFile() {}

    /**
     * Reads the table of {@code folder}; file names are relative to it.
     *
     * @throws UserError for a missing folder or table, a missing column, a row that cannot be read, or one class only
     */
    public static Samples read(Path folder, Task task) {
        Path table = folder.resolve(NAME);
        if (!Files.isDirectory(folder)) {
            throw new UserError("data folder: given " + folder + ", which is not a folder; expected one with a "
                    + NAME);
        }
        if (!Files.isRegularFile(table)) {
            throw new UserError("data folder: given " + folder + ", which has no " + NAME
                    + "; expected a table with the columns file and t_score (or label)");
        }
        CSVFormat format = CSVFormat.DEFAULT.builder().setHeader().setSkipHeaderRecord(true).setIgnoreHeaderCase(true)
                .setTrim(true).setIgnoreEmptyLines(true).get();
        try (Reader reader = Files.newBufferedReader(table, StandardCharsets.UTF_8);
                CSVParser parser = format.parse(reader)) {
            return read(folder, table, task, parser);
        } catch (IOException | IllegalArgumentException | java.io.UncheckedIOException e) {
            throw new UserError(table + " could not be read: " + e.getMessage(), e);
        }
    }

    private static Samples read(Path folder, Path table, Task task, CSVParser parser) {
        List<String> columns = parser.getHeaderNames();
        requireColumn(table, columns, "file");
        boolean scores = has(columns, "t_score");
        if (!scores) {
            requireColumn(table, columns, "label");
        }
        List<Sample> rows = new ArrayList<>();
        Map<String, Integer> leftOut = new TreeMap<>();
        for (CSVRecord row : parser) {
            String where = table + ", line " + parser.getCurrentLineNumber();
            if (has(columns, "status") && !row.get("status").equalsIgnoreCase("ok")) {
                leftOut.merge("status " + row.get("status"), 1, Integer::sum);
                continue;
            }
            Optional<Integer> label = scores && !row.get("t_score").isEmpty()
                    ? task.classOf(number(where, row.get("t_score")))
                    : has(columns, "label") ? task.classOf(row.get("label")) : Optional.empty();
            if (label.isEmpty()) {
                leftOut.merge("not in the task " + task.name().toLowerCase(java.util.Locale.ROOT), 1, Integer::sum);
                continue;
            }
            Path file = file(folder, where, row.get("file"));
            String subject = has(columns, "subject") ? row.get("subject") : row.get("file");
            rows.add(new Sample(file, subject, label.get(), has(columns, "bone") ? row.get("bone") : ""));
        }
        requireBothClasses(table, task, rows);
        return new Samples(rows, leftOut);
    }

    private static boolean has(List<String> columns, String name) {
        return columns.stream().anyMatch(name::equalsIgnoreCase);
    }

    private static void requireColumn(Path table, List<String> columns, String name) {
        if (!has(columns, name)) {
            String nearest = columns.stream().min(java.util.Comparator.comparingInt(
                    column -> LevenshteinDistance.getDefaultInstance().apply(column, name))).orElse("");
            throw new UserError(table + " has no column " + name + (name.equals("label") ? " or t_score" : "")
                    + "; it has " + columns + (nearest.isEmpty() ? "" : "; is " + nearest + " meant?"));
        }
    }

    private static double number(String where, String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            throw new UserError(where + ": given t_score \"" + text + "\"; expected a number such as -2.5", e);
        }
    }

    private static Path file(Path folder, String where, String name) {
        Path file = folder.resolve(name).normalize();
        if (!file.startsWith(folder.normalize())) {
            throw new UserError(where + ": given file " + name + "; expected one inside " + folder);
        }
        if (!Files.isRegularFile(file)) {
            throw new UserError(where + ": file " + file + " does not exist; correct the row or put the file there");
        }
        return file;
    }

    private static void requireBothClasses(Path table, Task task, List<Sample> rows) {
        long positives = rows.stream().filter(row -> row.label() == 1).count();
        if (positives == 0 || positives == rows.size()) {
            throw new UserError(table + " has " + rows.size() + " usable rows, " + positives + " of them osteoporosis "
                    + "(T-score of " + Task.OSTEOPOROSIS + " or less); expected both classes for the task " + task);
        }
    }
}
