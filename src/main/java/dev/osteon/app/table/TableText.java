package dev.osteon.app.table;

import dev.osteon.ssl.metrics.Interval;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The table as CSV, a row for each trial, and as Markdown in the paper's form. */
record TableText(List<Summary> summaries, int resamples, long seed) {

    static final List<String> FIGURES = List.of("auc", "f1", "accuracy");

    String csv() {
        StringBuilder csv = new StringBuilder("method,augmentation,split,trial,auc,f1,accuracy,sensitivity,specificity,"
                + "subject_auc,subject_f1,subject_accuracy,sparse_view_share,folder\n");
        for (Summary summary : summaries) {
            for (CellResult t : summary.trials()) {
                Cell.Row row = summary.row();
                csv.append(String.format(Locale.ROOT,
                        "%s,%s,%s,%d,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%.6f,%s%n",
                        Names.of(row.method()), Names.of(row.sampling()), row.split().name().toLowerCase(Locale.ROOT),
                        t.cell().trial(), t.test("auc"), t.test("f1"), t.test("accuracy"), t.test("sensitivity"),
                        t.test("specificity"), t.perSubject("auc"), t.perSubject("f1"), t.perSubject("accuracy"),
                        t.sparseShare(), "runs/" + t.cell().name()));
            }
        }
        return csv.toString();
    }

    String markdown() {
        StringBuilder text = new StringBuilder("| Method | Augmentation | Split | AUC | Δ | F1 | Δ | Accuracy | Δ | "
                + "AUC, 95 % interval | AUC per subject | Trials |\n" + "|---".repeat(12) + "|\n");
        for (Summary s : summaries) {
            text.append("| ").append(Names.of(s.row().method())).append(" | ").append(Names.of(s.row().sampling()))
                    .append(" | ").append(s.row().split().name().toLowerCase(Locale.ROOT));
            for (String figure : FIGURES) {
                text.append(" | ").append(s.test(figure).percent()).append(" | ").append(delta(s, figure));
            }
            Interval auc = s.auc(resamples, seed);
            text.append(String.format(Locale.ROOT, " | %.3f – %.3f | %s | %d |%n", auc.low(), auc.high(),
                    s.over(t -> t.perSubject("auc")).percent(), s.trials().size()));
        }
        return text.append('\n').append(NOTE).append('\n').toString();
    }

    /** What people need to read the table. */
    static final String NOTE = "Test segments, in percent: mean ± standard deviation over trials. Δ: the extended "
            + "multi-crop less the plain one, in percentage points. A split by segment lets the bones of one person "
            + "into training and test and is too good by that.";

    /** How much the extension adds, in percentage points; empty for the plain row itself, or while that is missing. */
    String delta(Summary s, String figure) {
        return plain(s).map(p -> String.format(Locale.ROOT, "%+.2f",
                100 * (s.test(figure).mean() - p.test(figure).mean()))).orElse("");
    }

    private Optional<Summary> plain(Summary of) {
        return summaries.stream().filter(p -> of != p && p.row().method() == of.row().method()
                && p.row().split() == of.row().split() && p.row().sampling().ordinal() < of.row().sampling().ordinal())
                .findFirst();
    }
}
