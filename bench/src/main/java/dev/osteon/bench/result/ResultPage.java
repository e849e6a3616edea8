package dev.osteon.bench.result;

import static dev.osteon.bench.result.Spread.number;

import dev.osteon.app.report.Page;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A result as bars. The bars of a case are times with the range of their rounds as a whisker, on a scale of its own;
 * ours shows in a darker part how much of it the roofline asks for.
 */
public final class ResultPage {

    private static final int WIDTH = 1100;
    private static final int NAMES = 330;
    private static final int BARS = 430;
    private static final int BAR = 15;
    private static final int GAP = 9;
    private static final int HEAD = 34;
    private static final Map<String, String> COLOURS = Map.of("osteon", "#60a5fa", "libtorch", "#dc6803",
            "libtorch-avx2", "#f4b183", "djl", "#9333ea", "dl4j", "#b42318", "onnxruntime", "#0891b2", "floor",
            "#667085");
    private static final String ROOFLINE = "#1d4ed8";
    private static final String STYLE = "svg{max-width:100%;height:auto}text{font:12px system-ui,sans-serif;"
            + "fill:#101828}.h{font-weight:600;font-size:15px}";

    private ResultPage() {}

    /** A page with a chart for each benchmark, and the machine. */
    public static String html(BenchResult result) {
        Page page = new Page("Benchmarks: " + result.machine());
        page.muted(legend(result));
        ResultTable.grouped(result).forEach((benchmark, cases) -> page.card(benchmark)
                .muted("Commit " + String.join(", ", cases.stream().map(CaseResult::commit).distinct().toList()))
                .raw(drawn(height(cases), bars(cases, 0))).end());
        return page.html();
    }

    /** All benchmarks in one picture. */
    public static String svg(BenchResult result) {
        StringBuilder all = new StringBuilder();
        int y = HEAD;
        all.append(text(8, y - 12, "", legend(result)));
        for (Map.Entry<String, List<CaseResult>> entry : ResultTable.grouped(result).entrySet()) {
            all.append(text(8, y + 22, "class=\"h\"", entry.getKey()));
            all.append(bars(entry.getValue(), y + HEAD));
            y += HEAD + height(entry.getValue());
        }
        return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + drawn(y + GAP, all.toString());
    }

    private static String legend(BenchResult result) {
        return result.machine() + ", " + result.threads() + " threads, " + result.peaks().describe()
                + "; shorter is better, × is a peer's time by ours, dark blue the least time by the roofline.";
    }

    private static int height(List<CaseResult> cases) {
        return cases.stream().mapToInt(each -> each.sides().size() * BAR + GAP).sum();
    }

    private static String drawn(int height, String content) {
        return String.format(Locale.ROOT, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
                + "width=\"%d\" height=\"%d\" role=\"img\"><title>Times of implementations</title><style>%s</style>"
                + "<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>%s</svg>%n", WIDTH, height, WIDTH, height, STYLE,
                WIDTH, height, content);
    }

    private static String bars(List<CaseResult> cases, int top) {
        StringBuilder svg = new StringBuilder();
        int y = top;
        for (CaseResult each : cases) {
            double longest = each.sides().stream().mapToDouble(side -> side.spread().max()).max().orElse(0);
            svg.append(text(8, y + BAR - 3, "", each.label()));
            for (Side side : each.sides()) {
                svg.append(bar(each, side, Math.max(longest, Double.MIN_NORMAL), y));
                y += BAR;
            }
            y += GAP;
        }
        return svg.toString();
    }

    private static String bar(CaseResult each, Side side, double longest, int y) {
        String name = text(NAMES - 8, y + BAR - 3, "text-anchor=\"end\"", side.name());
        if (!side.measured()) {
            return name + text(NAMES, y + BAR - 3, "", "not measured: " + side.failure());
        }
        Spread spread = side.spread();
        double scale = BARS / longest;
        boolean ours = side == each.ours();
        StringBuilder svg = new StringBuilder(name);
        svg.append(rectangle(y, spread.median() * scale, COLOURS.getOrDefault(side.name(), "#667085")));
        if (ours) {
            svg.append(rectangle(y, Math.min(each.leastMs(), spread.median()) * scale, ROOFLINE));
        }
        svg.append(String.format(Locale.ROOT, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\" stroke=\"#101828\"/>",
                NAMES + spread.min() * scale, NAMES + spread.max() * scale, y + BAR / 2, y + BAR / 2));
        String figures = number(spread.median()) + " ms (" + spread.range() + ")" + (ours
                ? each.leastMs() > 0 ? String.format(Locale.ROOT, ", %.0f %% of the roofline", 100 * each.share()) : ""
                : each.ratio(side).map(r -> ", × " + number(r.median()) + " (" + r.range() + ")").orElse(""));
        return svg + text(NAMES + BARS + 10, y + BAR - 3, "", figures);
    }

    private static String rectangle(int y, double width, String colour) {
        return String.format(Locale.ROOT, "<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\"/>", NAMES,
                y + 2, width, BAR - 4, colour);
    }

    private static String text(int x, int y, String attributes, String content) {
        return String.format(Locale.ROOT, "<text x=\"%d\" y=\"%d\" %s>%s</text>", x, y, attributes,
                Page.escape(content));
    }
}
