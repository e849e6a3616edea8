package dev.osteon.app.run;

import dev.osteon.app.UserError;
import dev.osteon.app.report.CurvePoint;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** {@code curves.csv} of a run, a row for each epoch and each candidate of the probe, and TensorBoard's file of it. */
final class Curves {

    static final String FILE = "curves.csv";
    /** After phase and epoch. */
    static final List<String> COLUMNS = List.of("loss", "learning_rate", "train_loss", "train_auc", "train_f1",
            "train_accuracy", "validation_loss", "validation_auc", "validation_f1", "validation_accuracy", "knn_auc",
            "spread", "effective_rank", "loss_per_chance", "prototypes_occupied",
            "prototypes_used_alike", "views", "draws", "sparse_views");

    private final RunFolder folder;
    private final EventFile events;
    private final List<CurvePoint> points = new ArrayList<>();

    /**
     * The curves of a run so far: the first {@code epochs} epochs of pretext training, nothing of the probe.
     *
     * @throws UserError when the file there is not ours
     */
    Curves(RunFolder folder, int epochs) {
        this.folder = folder;
        List<String> kept = new ArrayList<>(List.of("phase,epoch," + String.join(",", COLUMNS)));
        if (epochs > 0) {
            for (String line : lines(folder)) {
                if (line.startsWith(CurvePoint.PRETEXT + ",")) {
                    CurvePoint point = parse(line);
                    if (point.at() <= epochs && points.size() < epochs) {
                        points.add(point);
                        kept.add(line);
                    }
                }
            }
        }
        String text = String.join("\n", kept) + "\n";
        if (Files.isRegularFile(folder.resolve(FILE))) {
            folder.writeText(FILE, text);           // whole, or as it was
        } else {
            folder.append(FILE, text);
        }
        events = new EventFile(folder);
    }

    private static List<String> lines(RunFolder folder) {
        try {
            return Files.exists(folder.resolve(FILE)) ? Files.readAllLines(folder.resolve(FILE)) : List.of();
        } catch (IOException e) {
            throw new UserError(folder.resolve(FILE) + " cannot be read: " + e.getMessage(), e);
        }
    }

    static CurvePoint parse(String line) {
        String[] cells = line.split(",", -1);
        try {
            Map<String, Double> values = new HashMap<>();
            for (int i = 0; i < COLUMNS.size() && i + 2 < cells.length; i++) {
                if (!cells[i + 2].isEmpty()) {
                    values.put(COLUMNS.get(i), Double.parseDouble(cells[i + 2]));
                }
            }
            return new CurvePoint(cells[0], Double.parseDouble(cells[1]), values);
        } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
            throw new UserError("curves.csv: given the line \"" + line + "\"; expected one as a run wrote it; "
                    + "remove the run's folder and start again", e);
        }
    }

    void add(CurvePoint point) {
        StringBuilder line = new StringBuilder(point.phase()).append(',').append(number(point.at()));
        COLUMNS.forEach(column -> line.append(',').append(
                point.values().containsKey(column) ? number(point.value(column)) : ""));
        folder.append(FILE, line.append('\n').toString());
        points.add(point);
        if (point.phase().equals(CurvePoint.PRETEXT)) {
            events.add(point);
        }
    }

    List<CurvePoint> points() {
        return List.copyOf(points);
    }

    private static String number(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e15 ? String.valueOf((long) value)
                : String.format(Locale.ROOT, "%.6g", value);
    }
}
