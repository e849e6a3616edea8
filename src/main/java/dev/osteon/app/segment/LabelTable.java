package dev.osteon.app.segment;

import dev.osteon.app.UserError;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVPrinter;
import org.apache.commons.csv.CSVRecord;

/** T-scores or labels by subject, joined with the segments to the {@code labels.csv} that a run reads. */
public final class LabelTable {

    private static final List<String> LABELS = List.of("t_score", "label");

    private LabelTable() {}

    /**
     * Writes {@code labels.csv} into a folder that {@link Segmentation} filled.
     *
     * @param table CSV with the columns {@code subject} and {@code t_score}, or {@code label}, or both
     * @return segments that got a label
     * @throws UserError when the table lacks a column, names a subject twice, or knows none of the segments
     */
    public static int join(Path table, Path folder) throws IOException {
        Map<String, CSVRecord> bySubject = new LinkedHashMap<>();
        List<String> columns = new ArrayList<>();
        CSVFormat format = CSVFormat.DEFAULT.builder().setHeader().setSkipHeaderRecord(true)
                .setIgnoreSurroundingSpaces(true).setIgnoreHeaderCase(true).get();
        if (!Files.isRegularFile(table)) {
            throw new UserError("--labels: no file " + table + "; expected CSV with the columns subject and t_score");
        }
        try (CSVParser csv = CSVParser.parse(table, StandardCharsets.UTF_8, format)) {
            csv.getHeaderNames().forEach(name -> columns.add(name.toLowerCase(Locale.ROOT)));
            if (!columns.contains("subject") || LABELS.stream().noneMatch(columns::contains)) {
                throw new UserError("--labels: " + table + ": given columns " + columns
                        + "; expected subject and t_score, or label");
            }
            for (CSVRecord row : csv) {
                if (bySubject.put(row.get("subject"), row) != null) {
                    throw new UserError("--labels: " + table + ", line " + csv.getCurrentLineNumber() + ": subject "
                            + row.get("subject") + " was named before; keep one row for each");
                }
            }
        } catch (IllegalArgumentException | java.io.UncheckedIOException e) {
            throw new UserError("--labels: " + table + ": not CSV that can be read: " + e.getMessage(), e);
        }
        return write(bySubject, LABELS.stream().filter(columns::contains).toList(), table, folder);
    }

    private static int write(Map<String, CSVRecord> bySubject, List<String> labels, Path table, Path folder)
            throws IOException {
        StringWriter text = new StringWriter();
        int joined = 0;
        CSVFormat format = CSVFormat.DEFAULT.builder().setHeader().setSkipHeaderRecord(true).get();
        try (CSVParser segments = CSVParser.parse(folder.resolve("segments.csv"), StandardCharsets.UTF_8, format);
                CSVPrinter csv = new CSVPrinter(text, CSVFormat.DEFAULT.builder().setRecordSeparator('\n').get())) {
            List<String> header = new ArrayList<>(List.of("file", "subject", "bone"));
            header.addAll(labels);
            csv.printRecord(header);
            for (CSVRecord row : segments) {
                CSVRecord label = bySubject.get(row.get("subject"));
                if (label != null && !row.get("segment").isEmpty()) {
                    List<String> fields = new ArrayList<>(List.of(row.get("segment"), row.get("subject"),
                            row.get("bone")));
                    labels.forEach(column -> fields.add(label.get(column)));
                    csv.printRecord(fields);
                    joined++;
                }
            }
        }
        if (joined == 0) {
            throw new UserError("--labels: " + table + " names none of the subjects of "
                    + folder.resolve("segments.csv") + "; its subjects must be as in that file; "
                    + "--subject-pattern takes them from file names");
        }
        AtomicFile.write(folder.resolve("labels.csv"), text.toString());
        return joined;
    }
}
