package dev.osteon.app.table;

import dev.osteon.app.config.ConfigFile;
import dev.osteon.app.report.CurvePoint;
import dev.osteon.app.report.Page;
import dev.osteon.app.report.SvgChart;
import dev.osteon.ssl.metrics.Interval;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.stream.Stream;

/** The table as one self-contained page, with the curves of the paper's Figures 2 to 6 and a link to every run. */
record TableReport(Grid grid, TableText text) {

    String page() {
        Page page = new Page("Osteoporosis from bone segments: all methods");
        page.muted("Preset " + grid.base().preset() + ", " + grid.trials() + " trials from seed " + grid.base().seed()
                + ", " + done() + " of " + grid.cells().size() + " runs done. A research tool: not a medical device.");
        table(page);
        paper(page);
        curves(page);
        views(page);
        split(page);
        page.card("Configuration of all runs").pre(ConfigFile.toYaml(grid.base())).end();
        return page.html();
    }

    private int done() {
        return text.summaries().stream().mapToInt(s -> s.trials().size()).sum();
    }

    private void table(Page page) {
        page.card("Results on the test segments").wide().row("Method", "Augmentation", "Split", "AUC, %", "Δ", "F1, %",
                "Δ", "Accuracy, %", "Δ", "AUC, 95 % interval", "AUC per subject, %", "Runs");
        for (Summary s : text.summaries()) {
            List<String> cells = new ArrayList<>(List.of(Page.escape(Names.of(s.row().method())),
                    Page.escape(Names.of(s.row().sampling())), s.row().split().name().toLowerCase(Locale.ROOT)));
            for (String figure : TableText.FIGURES) {
                cells.add("<b>" + s.test(figure).percent() + "</b>");
                cells.add(text.delta(s, figure));
            }
            Interval auc = s.auc(text.resamples(), text.seed());
            cells.add(String.format(Locale.ROOT, "%.3f – %.3f", auc.low(), auc.high()));
            cells.add(s.over(t -> t.perSubject("auc")).percent());
            cells.add(String.join(" ", s.trials().stream().map(t -> String.format(Locale.ROOT,
                    "<a href=\"runs/%s/report.html\">%d</a>", t.cell().name(), t.cell().trial())).toList()));
            page.cells(cells);
        }
        page.endTable().muted(TableText.NOTE + " Intervals by bootstrap over subjects within each trial. Each number "
                + "under Runs links to that run's report with configuration, seed, data hash, commit and machine.")
                .end();
    }

    private static void paper(Page page) {
        page.card("The paper's own numbers (theirs, on 192 persons; not measured here)").muted("Best AUC: 0.83 "
                + "(abstract). Supervised baseline: accuracy 28.74 %, all 167 test segments called positive, hence F1 "
                + "44.65 %. The other cells of their Table 2 are not repeated here.").end();
    }

    private void curves(Page page) {
        page.card("Curves (the paper's Figures 2 to 6)").muted("A linear probe on the encoder after every epoch of "
                + "training, first trial; solid: extended multi-crop, dashed: plain.");
        for (String name : new TreeSet<>(text.summaries().stream().map(s -> s.row().split().name()).toList())) {
            for (var method : grid.methods()) {
                List<Summary> of = text.summaries().stream().filter(s -> s.row().method() == method
                        && s.row().split().name().equals(name)).toList();
                if (!of.isEmpty()) {
                    page.heading(Names.of(method) + ", split by " + name.toLowerCase(Locale.ROOT)).three();
                    for (String figure : TableText.FIGURES) {
                        page.raw(chart(of, figure));
                    }
                    page.endThree();
                }
            }
        }
        page.end();
    }

    /** The extended row's line comes first, so that the plain one can be dashed in its colour. */
    private static String chart(List<Summary> summaries, String figure) {
        SvgChart chart = new SvgChart(title(figure), "epoch", title(figure));
        for (String part : List.of("train", "validation")) {
            for (Summary s : summaries.reversed()) {
                List<CurvePoint> points = s.trials().getFirst().curves().stream()
                        .filter(p -> p.phase().equals(CurvePoint.PRETEXT)).toList();
                double[] epochs = points.stream().mapToDouble(CurvePoint::at).toArray();
                double[] values = points.stream().mapToDouble(p -> p.value(part + "_" + figure)).toArray();
                if (s == summaries.getLast()) {
                    chart.line(part, epochs, values);
                } else {
                    chart.dashed(part + ", plain", epochs, values);
                }
            }
        }
        return chart.render();
    }

    private static String title(String figure) {
        return switch (figure) {
            case "auc" -> "AUC";
            case "f1" -> "F1";
            default -> "Accuracy";
        };
    }

    private void views(Page page) {
        page.card("Views (the paper's Figure 1)");
        text.summaries().stream().map(s -> s.row().sampling()).distinct().sorted().forEach(sampling -> {
            CellResult first = text.summaries().stream().filter(s -> s.row().sampling() == sampling).findFirst()
                    .orElseThrow().trials().getFirst();
            page.heading(Names.of(sampling)).picture(first.views(), "segments, each with its " + Names.of(sampling)
                    + " views");
        });
        page.heading(String.format(Locale.ROOT, "Views under %.0f %% of non-zero pixels",
                100 * grid.base().views().minShare())).wide().row("Method", "Augmentation", "Share of all views");
        for (Summary s : text.summaries()) {
            page.cells(List.of(Page.escape(Names.of(s.row().method())), Page.escape(Names.of(s.row().sampling())),
                    String.format(Locale.ROOT, "%.3f %%", 100 * s.over(CellResult::sparseShare).mean())));
        }
        page.endTable().end();
    }

    private void split(Page page) {
        page.card("The split (the paper's Table 1), first trial").wide().row("Split by", "Part", "Segments", "Subjects",
                "Osteoporosis");
        Stream<Summary> firsts = text.summaries().stream().map(s -> s.row().split()).distinct()
                .map(split -> text.summaries().stream().filter(s -> s.row().split() == split).findFirst()
                        .orElseThrow());
        firsts.forEach(s -> s.trials().getFirst().metrics().path("splits").properties().forEach(part ->
                page.cells(List.of(s.row().split().name().toLowerCase(Locale.ROOT), part.getKey(),
                        part.getValue().path("samples").asText(), part.getValue().path("subjects").asText(),
                        part.getValue().path("positives").asText()))));
        page.endTable().end();
    }
}
