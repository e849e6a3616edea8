package dev.osteon.app.table;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.app.UserError;
import dev.osteon.app.report.CurvePoint;
import dev.osteon.app.run.RunFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * What a finished cell left in its folder.
 *
 * @param metrics metrics.json
 * @param views   picture of some of the views, PNG
 * @param labels  of the test samples, with their scores and subjects
 */
record CellResult(Cell cell, Path folder, JsonNode metrics, List<CurvePoint> curves, byte[] views, int[] labels,
        double[] scores, List<String> subjects) {

    /** @throws UserError when a file is missing or not as a run writes it */
    static CellResult read(Cell cell, Path folder) {
        try (CSVParser csv = CSVParser.parse(folder.resolve("test_scores.csv"),
                java.nio.charset.StandardCharsets.UTF_8,
                CSVFormat.DEFAULT.builder().setHeader().setSkipHeaderRecord(true).get())) {
            List<CSVRecord> rows = new ArrayList<>(csv.getRecords());
            return new CellResult(cell, folder, new ObjectMapper().readTree(folder.resolve("metrics.json").toFile()),
                    RunFiles.curves(folder), RunFiles.views(folder),
                    rows.stream().mapToInt(r -> Integer.parseInt(r.get("label"))).toArray(),
                    rows.stream().mapToDouble(r -> Double.parseDouble(r.get("score"))).toArray(),
                    rows.stream().map(r -> r.get("subject")).toList());
        } catch (IOException | IllegalArgumentException e) {
            throw new UserError(folder + " is not a finished run: " + e.getMessage()
                    + "; remove it, and the same command makes it again", e);
        }
    }

    /** A figure of the test samples: auc, f1, accuracy, sensitivity or specificity. */
    double test(String figure) {
        return metrics.path("test").path(figure).path("value").asDouble(Double.NaN);
    }

    /** The same of the test subjects, the scores of each one's bones averaged. */
    double perSubject(String figure) {
        return metrics.path("test_per_subject").path(figure).path("value").asDouble(Double.NaN);
    }

    /** Share of the views that training drew that stayed under the threshold of non-zero pixels; NaN without any. */
    double sparseShare() {
        double views = metrics.path("views").path("views").asDouble();
        return views == 0 ? Double.NaN : metrics.path("views").path("sparse_views").asDouble() / views;
    }
}
