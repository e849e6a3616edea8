package dev.osteon.app.data;

import dev.osteon.app.data.Task.Diagnosis;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.text.similarity.LevenshteinDistance;

/**
 * Reads a {@code labels.csv}: comma-separated with a header line, UTF-8. Columns, upper or lower case, in any order:
 * {@code file} and at least one of {@code t_score} and {@code label} ({@code normal}, {@code osteopenia},
 * {@code osteoporosis}); optional {@code subject} (else the file's name without its ending), {@code bone},
 * {@code split}, and {@code status}, of which only rows with {@code ok} are used. Where a row has both, the T-score
 * decides. Other columns are not looked at.
 */
public final class LabelsFile {
    private final Path path;
    private final Task task;
    private final ImageLocator images;
    private final Set<String> columns = new HashSet<>();
    private final Set<Path> seen = new HashSet<>();
    private final Map<String, Integer> leftOut = new LinkedHashMap<>();
    private final Map<String, Integer> notes = new LinkedHashMap<>();

    private LabelsFile(Path path, Task task, ImageLocator images) {
        this.path = path;
        this.task = task;
        this.images = images;
    }

    /**
     * Reads the label file and finds its images.
     *
     * @param path a label file, or a folder with a {@code labels.csv}
     * @param task which rows to use, and their classes
     * @throws LabelsException if the file is missing, lacks a column, has a bad value, names a missing image, or
     *     leaves fewer than two classes
     */
    public static Samples read(Path path, Task task) throws LabelsException {
        Path file = Files.isDirectory(path) ? path.resolve("labels.csv") : path;
        if (!Files.isRegularFile(file)) {
            throw new LabelsException(Files.exists(path)
                    ? "no labels.csv in " + path + "; write one with the columns file and label or t_score"
                    : "no such file or folder: " + path + "; give a folder with a labels.csv, or a label file");
        }
        try (CSVParser csv = CSVParser.parse(file, StandardCharsets.UTF_8, CSVFormat.DEFAULT.builder()
                .setIgnoreSurroundingSpaces(true).setIgnoreEmptyLines(true).get())) {
            Path folder = file.toAbsolutePath().getParent();
            return new LabelsFile(file, task, ImageLocator.of(folder)).read(csv);
        } catch (LabelsException e) {
            throw e;
        } catch (CharacterCodingException e) {
            throw new LabelsException(file + " is not UTF-8 text; save it as CSV, UTF-8");
        } catch (IOException | UncheckedIOException e) {
            throw new LabelsException("cannot read " + file + ": " + e.getMessage().replaceAll("\\s*\\R\\s*", " "));
        }
    }

    private Samples read(CSVParser csv) throws LabelsException {
        List<Sample> samples = new ArrayList<>();
        List<String> header = null;
        for (CSVRecord row : csv) {
            if (header == null) {
                header = readHeader(row);
                continue;
            }
            // A quoted field may span lines: the parser stands behind the row, so this is the row's last line.
            LabelRow at = new LabelRow(path, csv.getCurrentLineNumber(), fields(header, row));
            if (row.size() != header.size()) {
                throw at.error("has %d fields, the header has %d; quote fields that hold commas"
                        .formatted(row.size(), header.size()));
            }
            sample(at).ifPresent(samples::add);
        }
        if (header == null) {
            throw new LabelsException(path + " is empty; expected a header line with file and label or t_score");
        }
        return checked(new Samples(task, samples, leftOut, notes));
    }

    private static Map<String, String> fields(List<String> header, CSVRecord row) {
        Map<String, String> fields = new HashMap<>();
        for (int i = 0; i < Math.min(header.size(), row.size()); i++) {
            fields.put(header.get(i), row.get(i));
        }
        return fields;
    }

    private List<String> readHeader(CSVRecord row) throws LabelsException {
        List<String> names = new ArrayList<>();
        for (String name : row) {
            String clean = name.replace("\uFEFF", "").strip().toLowerCase(Locale.ROOT);
            if (!columns.add(clean)) {
                throw new LabelsException("%s, line 1: two columns are called '%s'; rename one"
                        .formatted(path, clean));
            }
            names.add(clean);
        }
        if (!columns.contains("file")) {
            throw missingColumn("'file'", "file", names);
        }
        if (!columns.contains("t_score") && !columns.contains("label")) {
            throw missingColumn("'t_score' and no column 'label'", "t_score", names);
        }
        return names;
    }

    private LabelsException missingColumn(String missing, String wanted, List<String> names) {
        LevenshteinDistance distance = LevenshteinDistance.getDefaultInstance();
        List<String> aims = wanted.equals("t_score") ? List.of("t_score", "label", "tscore") : List.of(wanted);
        String nearest = names.stream().min(Comparator.comparingInt((String name) ->
                aims.stream().mapToInt(aim -> distance.apply(aim, name)).min().orElseThrow())).orElse("");
        if (names.size() == 1 && names.getFirst().matches(".*[;\t].*")) {
            return new LabelsException("%s, line 1: given '%s'; expected commas between columns, and points in numbers"
                    .formatted(path, names.getFirst()));
        }
        return new LabelsException("%s, line 1: no column %s among %s (nearest: '%s'); rename or add it"
                .formatted(path, missing, String.join(", ", names), nearest));
    }

    private Optional<Sample> sample(LabelRow row) throws LabelsException {
        Optional<String> status = row.value("status");
        if (columns.contains("status") && !status.map("ok"::equalsIgnoreCase).orElse(false)) {
            count(leftOut, "status " + status.orElse("empty"));
            return Optional.empty();
        }
        String name = row.value("file").orElseThrow(() -> row.error("column 'file' is empty; name an image file"));
        Optional<Double> tScore = row.tScore();
        Optional<Diagnosis> diagnosis = row.diagnosis(tScore.isPresent());
        if (tScore.isEmpty() && diagnosis.isEmpty()) {
            count(leftOut, "no label");
            return Optional.empty();
        }
        OptionalInt label = tScore.isPresent() ? task.classOf(tScore.get()) : task.classOf(diagnosis.get());
        if (tScore.isPresent() && diagnosis.isPresent()
                && (diagnosis.get() == Diagnosis.OSTEOPOROSIS) != (Task.OSTEOPOROSIS_VS_REST.classOf(tScore.get())
                        .getAsInt() == 1)) {
            count(notes, "label contradicts T-score (T-score used)");
        }
        if (label.isEmpty()) {
            count(leftOut, "osteopenia");
            return Optional.empty();
        }
        Path file = images.find(name).orElseThrow(() -> row.error(
                "column 'file': no image '%s' below %s; correct the path".formatted(name, images.folder())));
        if (!seen.add(file)) {
            throw row.error("column 'file': '%s' was named before; remove one of the rows".formatted(name));
        }
        String stem = file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
        return Optional.of(new Sample(file, row.value("subject").orElse(stem), tScore, label.getAsInt(),
                row.value("bone"), row.value("split")));
    }

    private Samples checked(Samples samples) throws LabelsException {
        int positive = samples.count(1);
        int negative = samples.count(0);
        if (positive + negative == 0) {
            throw new LabelsException("%s has no row that can be used (left out: %s); add rows with a file and a label"
                    .formatted(path, samples.leftOut().isEmpty() ? "none" : samples.leftOut()));
        }
        if (positive == 0 || negative == 0) {
            throw new LabelsException(("%s: one class only for task %s (%d osteoporosis, %d other; left out: %s); "
                    + "add samples of the missing class").formatted(path, task.label(), positive, negative,
                            samples.leftOut().isEmpty() ? "none" : samples.leftOut()));
        }
        return samples;
    }

    private static void count(Map<String, Integer> counts, String reason) {
        counts.merge(reason, 1, Integer::sum);
    }
}
