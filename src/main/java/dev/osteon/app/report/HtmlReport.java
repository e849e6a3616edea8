package dev.osteon.app.report;

import dev.osteon.app.config.ConfigFile;
import dev.osteon.engine.io.AtomicFile;
import dev.osteon.ssl.metrics.BinaryMetrics;
import dev.osteon.ssl.metrics.Interval;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/** One self-contained page about a run: nothing on it is fetched from anywhere. */
public final class HtmlReport {

    static final String STYLE = """
            :root{color-scheme:light dark;--ink:#101828;--muted:#667085;--line:#e4e7ec;--card:#fff;--page:#f5f6f8}
            @media(prefers-color-scheme:dark){:root{--ink:#f2f4f7;--muted:#98a2b3;--line:#344054;--card:#1d2939;
            --page:#101828}}
            body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);margin:0}
            main{max-width:1020px;margin:0 auto;padding:28px 20px}
            h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:0 0 12px}p{margin:4px 0}
            .muted{color:var(--muted)}.card{background:var(--card);border:1px solid var(--line);border-radius:10px;
            padding:18px 20px;margin:16px 0}
            .two{display:grid;grid-template-columns:1fr 1fr;gap:18px}
            @media(max-width:760px){.two{grid-template-columns:1fr}}
            table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:6px 10px 6px 0;
            border-bottom:1px solid var(--line);vertical-align:top}th{font-weight:600;color:var(--muted)}
            td.number{font-variant-numeric:tabular-nums}td b{font-size:17px}
            .chart{width:100%;height:auto}.chart text{font:11px system-ui,sans-serif;fill:var(--muted)}
            .chart .chart-title{font-size:13px;font-weight:600;fill:var(--ink)}.chart .grid{stroke:var(--line)}
            .row{display:flex;gap:10px;align-items:flex-end;flex-wrap:wrap;margin:10px 0 18px}
            img{image-rendering:pixelated;background:#000;border-radius:4px}
            .segment{height:150px}.view{height:96px}.small{height:56px}
            pre{overflow:auto;font-size:12.5px;margin:0}
            """;

    private HtmlReport() {}

    /** Writes the page atomically. */
    public static void write(RunResult result, Path file) throws IOException {
        StringBuilder page = new StringBuilder("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">")
                .append("<meta name=\"viewport\" content=\"width=device-width\"><title>Osteon run</title><style>")
                .append(STYLE).append("</style></head><body><main>\n");
        header(page, result);
        results(page, result);
        curves(page, result);
        pictures(page, result);
        tables(page, result);
        page.append("</main></body></html>\n");
        AtomicFile.write(file, page.toString());
    }

    private static void header(StringBuilder page, RunResult result) {
        String source = result.config().data().folder().isEmpty()
                ? "a generated phantom of " + result.config().data().subjects() + " subjects"
                : result.config().data().folder();
        page.append("<h1>Osteoporosis from bone segments</h1><p class=\"muted\">Preset ")
                .append(Html.escape(result.config().preset())).append(" on ").append(Html.escape(source))
                .append(", ").append(Html.escape(result.facts().getOrDefault("time", "")))
                .append("</p><p class=\"muted\">A research tool: not a medical device, and not to be used for "
                        + "decisions about a person.</p>\n");
    }

    private static void results(StringBuilder page, RunResult result) {
        page.append("<section class=\"card\"><h2>Results</h2><table><tr><th>Samples</th><th>AUC</th><th>F1</th>"
                + "<th>Accuracy</th><th>Sensitivity</th><th>Specificity</th></tr>");
        result.figures().forEach((part, figures) -> {
            page.append("<tr><td>").append(Html.escape(part)).append("</td>");
            figures.values().forEach(figure -> page.append("<td class=\"number\">").append(cell(figure))
                    .append("</td>"));
            page.append("</tr>");
        });
        page.append(String.format(Locale.ROOT,
                "</table><p class=\"muted\">95 %% intervals by bootstrap over subjects (%d "
                + "resamples). Positive: osteoporosis, T-score ≤ −2.5. Decision threshold %.3f (%s).</p></section>%n",
                result.config().evaluation().resamples(), result.threshold(),
                result.config().evaluation().threshold().name().toLowerCase(Locale.ROOT)));
    }

    private static String cell(Interval i) {
        return String.format(Locale.ROOT, "<b>%.3f</b><br><span class=\"muted\">%.3f – %.3f</span>", i.value(), i.low(),
                i.high());
    }

    private static void curves(StringBuilder page, RunResult result) {
        List<BinaryMetrics.RocPoint> roc = result.roc();
        SvgChart rocChart = new SvgChart("ROC curve, test", "1 − specificity", "sensitivity").ranges(0, 1, 0, 1)
                .guide(new double[] {0, 1}, new double[] {0, 1})
                .line("test", column(roc, BinaryMetrics.RocPoint::falsePositiveRate),
                        column(roc, BinaryMetrics.RocPoint::truePositiveRate));
        Map<String, Interval> test = result.figures().get("test");
        rocChart.mark(1 - test.get("specificity").value(), test.get("sensitivity").value());
        List<CurvePoint> pretext = result.curve(CurvePoint.PRETEXT);
        double[] epochs = column(pretext, CurvePoint::at);
        page.append("<section class=\"card\"><h2>Curves</h2><div class=\"two\">").append(rocChart.render())
                .append(new SvgChart("Pretext loss (" + result.config().method().label() + ")", "epoch", "loss")
                        .line("loss", epochs, column(pretext, p -> p.value("loss"))).render());
        List<CurvePoint> probe = result.curve(CurvePoint.PROBE);
        if (!probe.isEmpty()) {
            String axis = result.chosen().replaceAll(" [^ ]*$", "");
            page.append(both("Linear probe: AUC", axis, "AUC", probe, "auc"))
                    .append(both("Linear probe: loss", axis, "cross-entropy", probe, "loss"));
        }
        page.append("</div><p class=\"muted\">The circle is the decision threshold. Of the probe's candidates the one "
                + "with the best validation AUC counts: ").append(Html.escape(result.chosen()))
                .append(".</p></section>\n");
    }

    /** Training and validation in one chart. */
    private static String both(String title, String x, String y, List<CurvePoint> points, String figure) {
        double[] at = column(points, CurvePoint::at);
        return new SvgChart(title, x, y).line("training", at, column(points, p -> p.value("train_" + figure)))
                .line("validation", at, column(points, p -> p.value("validation_" + figure))).render();
    }

    private static <T> double[] column(List<T> rows, ToDoubleFunction<T> value) {
        return rows.stream().mapToDouble(value).toArray();
    }

    private static void pictures(StringBuilder page, RunResult result) {
        int globals = result.config().views().globalCount();
        page.append("<section class=\"card\"><h2>Segments and their views</h2>");
        for (RunResult.Picture picture : result.pictures()) {
            page.append("<p>").append(Html.escape(picture.caption())).append("</p><div class=\"row\">")
                    .append(Html.image(picture.segment(), "segment", "segment"));
            for (int i = 0; i < picture.views().size(); i++) {
                page.append(Html.image(picture.views().get(i), i < globals ? "global view" : "local view",
                        i < globals ? "view" : "small"));
            }
            page.append("</div>");
        }
        page.append(String.format(Locale.ROOT, "<p class=\"muted\">%d views, %d draws, %d under the threshold of "
                + "10 %% non-zero pixels.</p></section>%n", result.views().get("views"), result.views().get("draws"),
                result.views().get("sparse_views")));
    }

    private static void tables(StringBuilder page, RunResult result) {
        page.append("<div class=\"two\"><section class=\"card\"><h2>Split</h2><table><tr><th>Part</th><th>Segments</th>"
                + "<th>Subjects</th><th>Osteoporosis</th></tr>");
        result.splits().forEach(p -> page.append(String.format(Locale.ROOT,
                "<tr><td>%s</td><td>%d</td><td>%d</td><td>%d</td></tr>", p.name(), p.samples(), p.subjects(),
                p.positives())));
        page.append("</table></section><section class=\"card\"><h2>Time</h2><table>");
        result.timing().forEach((phase, seconds) -> page.append(String.format(Locale.ROOT,
                "<tr><td>%s</td><td class=\"number\">%.1f s</td></tr>", Html.escape(phase), seconds)));
        page.append("</table></section></div><section class=\"card\"><h2>Made with</h2><table>");
        result.facts().forEach((key, value) -> page.append("<tr><th>").append(Html.escape(key)).append("</th><td>")
                .append(Html.escape(value)).append("</td></tr>"));
        page.append("</table></section><section class=\"card\"><h2>Configuration</h2><pre>")
                .append(Html.escape(ConfigFile.toYaml(result.config()))).append("</pre></section>\n");
    }
}
