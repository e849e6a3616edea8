package dev.osteon.app.segment;

import dev.osteon.app.UserError;
import dev.osteon.app.data.LabelRow;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVPrinter;
import org.apache.commons.csv.CSVRecord;

/** T-scores or labels by subject, joined with the segments to the {@code labels.csv} that a run reads. */
public final class LabelTable {

    private static final String SUBJECT = "subject";
    private static final List<String> LABELS = List.of("t_score", "label");

    private final Path table;
    private final List<String> columns;
    private final Map<String, LabelRow> bySubject = new LinkedHashMap<>();

    private LabelTable(Path table, List<String> columns) {
        this.table = table;
        this.columns = columns;
    }

    /**
     * Reads a table: CSV in UTF-8 with the columns {@code subject} and {@code t_score}, or {@code label}, or both.
     *
     * @throws UserError when it cannot be read, lacks a column, or names a subject twice
     */
    public static LabelTable read(Path table) throws IOException {
        if (!Files.isRegularFile(table)) {
            throw new UserError("--labels: no file " + table + "; expected CSV with the columns subject and t_score");
        }
        CSVFormat format = CSVFormat.DEFAULT.builder().setIgnoreSurroundingSpaces(true).get();
        try (CSVParser csv = CSVParser.parse(table, StandardCharsets.UTF_8, format)) {
            Iterator<CSVRecord> rows = csv.iterator();
            LabelTable labels = new LabelTable(table, rows.hasNext() ? header(rows.next()) : List.of());
            labels.requireColumns();
            while (rows.hasNext()) {
                labels.add(rows.next(), csv.getCurrentLineNumber());
            }
            return labels;
        } catch (UncheckedIOException | IllegalStateException e) {
            throw new UserError("--labels: " + table + ": not CSV that can be read: " + e.getMessage(), e);
        }
    }

    /** Column names in small letters; spreadsheets write a byte order mark before the first. */
    private static List<String> header(CSVRecord row) {
        return row.stream().map(name -> name.replace("\uFEFF", "").strip().toLowerCase(Locale.ROOT)).toList();
    }

    private void requireColumns() {
        for (String column : List.of(SUBJECT, "t_score", "label")) {
            if (Collections.frequency(columns, column) > 1) {
                throw new UserError("--labels: " + table + ": two columns are called " + column + "; rename one");
            }
        }
        if (!columns.contains(SUBJECT) || LABELS.stream().noneMatch(columns::contains)) {
            throw new UserError("--labels: " + table + ": given columns " + columns
                    + "; expected subject and t_score, or label, with commas between");
        }
    }

    private void add(CSVRecord row, long line) {
        if (row.stream().allMatch(String::isBlank)) {
            return;   // spreadsheets leave such rows at the end
        }
        if (row.size() != columns.size()) {
            throw new UserError("--labels: " + table + ", line " + line + ": has " + row.size()
                    + " fields, the header has " + columns.size() + "; quote fields that hold commas");
        }
        Map<String, String> fields = new HashMap<>();
        for (int i = 0; i < columns.size(); i++) {
            fields.put(columns.get(i), row.get(i));
        }
        String subject = fields.get(SUBJECT);
        if (subject.isEmpty()) {
            throw new UserError("--labels: " + table + ", line " + line + ": no subject; name one, or delete the row");
        }
        if (bySubject.put(subject, new LabelRow(table, line, fields)) != null) {
            throw new UserError("--labels: " + table + ", line " + line + ": subject " + subject
                    + " was named before; keep one row for each");
        }
    }

    /**
     * Which radiographs have a label here, as can be known before they are segmented.
     *
     * @param subjects of the radiographs, by file
     * @throws UserError when none has
     */
    public LabelMatch match(Map<String, String> subjects) {
        Map<String, LabelRow> labelled = new LinkedHashMap<>();
        List<String> without = new ArrayList<>();
        Set<String> unused = new LinkedHashSet<>(bySubject.keySet());
        subjects.forEach((file, subject) -> {
            Optional<LabelRow> row = Optional.ofNullable(bySubject.get(subject)).filter(LabelRow::isLabelled);
            row.ifPresentOrElse(label -> labelled.put(file, label), () -> without.add(file));
            unused.remove(subject);
        });
        if (labelled.isEmpty()) {
            throw new UserError("--labels: " + table + " has a label of none of the " + subjects.size()
                    + " images; expected subjects as " + first(subjects.values()) + ", given "
                    + first(bySubject.keySet()) + "; correct them, or take others from file names by "
                    + "--subject-pattern");
        }
        return new LabelMatch(table, labelled, without, List.copyOf(unused));
    }

    private static String first(Collection<String> names) {
        return names.stream().findFirst().orElse("none");
    }

    /** Segments with a label, and those whose subject the table does not name. */
    public record Joined(int labelled, int unlabelled) {

        @Override
        public String toString() {
            return labelled + " segments with a label" + (unlabelled == 0 ? ""
                    : ", " + unlabelled + " of subjects that --labels does not name");
        }
    }

    /**
     * Writes {@code labels.csv} into a folder that {@link Segmentation} filled.
     *
     * @return how many segments got a label, and how many did not
     * @throws UserError when the table knows none of the segments
     */
    public Joined join(Path folder) throws IOException {
        List<String> labels = LABELS.stream().filter(columns::contains).toList();
        StringWriter text = new StringWriter();
        int labelled = 0;
        int unlabelled = 0;
        CSVFormat format = CSVFormat.DEFAULT.builder().setHeader().setSkipHeaderRecord(true).get();
        try (CSVParser segments = CSVParser.parse(folder.resolve("segments.csv"), StandardCharsets.UTF_8, format);
                CSVPrinter csv = new CSVPrinter(text, CSVFormat.DEFAULT.builder().setRecordSeparator('\n').get())) {
            List<String> header = new ArrayList<>(List.of("file", SUBJECT, "bone"));
            header.addAll(labels);
            csv.printRecord(header);
            for (CSVRecord row : segments) {
                LabelRow label = bySubject.get(row.get(SUBJECT));
                if (row.get("segment").isEmpty()) {
                    continue;
                }
                if (label == null) {
                    unlabelled++;
                } else {
                    List<String> fields = new ArrayList<>(List.of(row.get("segment"), row.get(SUBJECT),
                            row.get("bone")));
                    labels.forEach(column -> fields.add(label.fields().get(column)));
                    csv.printRecord(fields);
                    labelled++;
                }
            }
        }
        if (labelled == 0) {
            throw new UserError("--labels: " + table + " names none of the subjects of "
                    + folder.resolve("segments.csv") + "; its subjects must be as in that file; "
                    + "--subject-pattern takes them from file names");
        }
        AtomicFile.write(folder.resolve("labels.csv"), text.toString());
        return new Joined(labelled, unlabelled);
    }
}
