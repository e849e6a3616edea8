package dev.osteon.app.explain;

import dev.osteon.app.report.Page;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.DoubleStream;

/**
 * A matrix as a figure: an inline SVG with a cell for each value, axes, and a legend. Colours are classes of
 * {@link #STYLE}, mixed with the card's own, so that they suit light and dark pages alike. Matrices with many lines
 * have small cells without numbers.
 */
record HeatSvg(Heat heat) {

    /** Shades on either side of zero. */
    private static final int SHADES = 8;
    private static final int MOST_NUMBERED_COLUMNS = 20;
    private static final int MOST_NUMBERED_ROWS = 32;
    private static final int SMALL = 9;
    private static final int LABEL_EVERY = 8;
    private static final int HEIGHT = 24;
    private static final double CHARACTER = 7;

    /** The rules of the figures' classes. */
    static final String STYLE = style();

    private static String style() {
        StringBuilder css = new StringBuilder("""
                :root{--up:#f79009;--down:#2e90fa;--mark:#101828}
                @media(prefers-color-scheme:dark){:root{--up:#dc6803;--down:#1570ef;--mark:#fff}}
                .figures{display:flex;flex-wrap:wrap;gap:18px 30px;align-items:flex-start;margin:12px 0 4px}
                figure{margin:0;max-width:100%;overflow-x:auto}figcaption{font-weight:600}
                .heat{display:block}.heat text{font:12.5px system-ui,sans-serif;fill:var(--ink);text-anchor:middle}
                .heat .axis{fill:var(--muted)}.heat .end{text-anchor:end}
                .heat path{stroke:var(--line);stroke-width:.5}.heat .mark{fill:none;stroke:var(--mark);stroke-width:2}
                .heat .thin{stroke-width:1}
                .legend{display:flex;flex-wrap:wrap;gap:2px 14px;align-items:center;font-size:12.5px;color:var(--muted)}
                .legend svg{vertical-align:-1px;margin:0 5px}.legend b{display:inline-block;width:10px;height:10px;
                border:2px solid var(--mark);margin-right:5px;vertical-align:-2px}
                .z{fill:var(--card)}.inf{fill:var(--line)}
                """);
        for (int shade = 1; shade <= SHADES; shade++) {
            css.append(String.format(Locale.ROOT, ".p%1$d{fill:color-mix(in srgb,var(--up) %2$d%%,var(--card))}"
                    + ".n%1$d{fill:color-mix(in srgb,var(--down) %2$d%%,var(--card))}\n", shade, 10 * shade));
        }
        return css.toString();
    }

    String html() {
        Plan plan = plan();
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(Locale.ROOT, "<figure><figcaption>%s</figcaption><svg class=\"heat\" role=\"img\" "
                + "width=\"%d\" height=\"%d\"><title>%s</title>", Page.escape(caption()), plan.width(), plan.height(),
                Page.escape(caption() + side(", rows: ", heat.rows()) + side(", columns: ", heat.columns()))));
        axes(svg, plan);
        cells(svg, plan);
        marks(svg, plan);
        if (plan.totals) {
            totals(svg, plan);
        }
        return svg.append("</svg>").append(legend(plan)).append("</figure>\n").toString();
    }

    private String caption() {
        return heat.values().length == 1 ? heat.name()
                : heat.name() + "  [" + heat.rows().size() + ", " + heat.columns().size() + "]";
    }

    private static String side(String which, Axis axis) {
        return axis.name().isEmpty() ? "" : which + axis.name();
    }

    /** Where things are, in pixels. */
    private record Plan(boolean numbered, int rows, int columns, int cell, int line, int left, int top,
            boolean totals) {

        int width() {
            return left + columns * cell + (totals ? cell + 6 : 0) + 2;
        }

        int height() {
            return top + rows * line + (totals ? line + 6 : 0) + 2;
        }

        int x(int column) {
            return left + column * cell;
        }

        int y(int row) {
            return top + row * line;
        }
    }

    private Plan plan() {
        int rows = heat.rows().size();
        int columns = heat.columns().size();
        boolean numbered = columns <= MOST_NUMBERED_COLUMNS && rows <= MOST_NUMBERED_ROWS;
        boolean totals = heat.totals() == Heat.Totals.BOTH && numbered;
        int longest = longest(heat.columns());
        for (double v : heat.values()) {
            longest = Math.max(longest, number(v).length());
        }
        for (int row = 0; totals && row < rows; row++) {
            longest = Math.max(longest, number(heat.rowTotal(row)).length());
        }
        int wide = (int) Math.max(38, longest * CHARACTER + (format().endsWith("e") ? 16 : 9));
        boolean named = !heat.rows().name().isEmpty();
        int left = (int) (longest(heat.rows()) * CHARACTER) + (named ? 28 : 10);
        int titled = (int) (heat.columns().name().length() * 6.5);   // a heading must not be wider than its columns
        int cell = Math.max(numbered ? wide : SMALL, (titled + columns - 1) / columns);
        return new Plan(numbered, rows, columns, cell, numbered ? HEIGHT : SMALL, left,
                heat.columns().name().isEmpty() ? 20 : 36, totals);
    }

    private static int longest(Axis axis) {
        return axis.labels().stream().mapToInt(String::length).max().orElse(0);
    }

    private void axes(StringBuilder svg, Plan plan) {
        int step = plan.numbered ? 1 : LABEL_EVERY;
        for (int c = 0; c < plan.columns; c += step) {
            text(svg, "axis", plan.x(c) + plan.cell / 2.0, plan.top - 6, heat.columns().labels().get(c));
        }
        for (int r = 0; r < plan.rows; r += step) {
            text(svg, "axis end", plan.left - 6, plan.y(r) + plan.line / 2.0 + 4.5, heat.rows().labels().get(r));
        }
        if (!heat.columns().name().isEmpty()) {
            text(svg, "axis", plan.left + plan.columns * plan.cell / 2.0, 12, heat.columns().name());
        }
        if (!heat.rows().name().isEmpty()) {
            int middle = plan.top + plan.rows * plan.line / 2;
            svg.append(String.format(Locale.ROOT, "<text class=\"axis\" transform=\"translate(12 %d) rotate(-90)\">%s"
                    + "</text>", middle, Page.escape(heat.rows().name())));
        }
    }

    /** Cells of a shade are one path, so that large matrices stay small. */
    private void cells(StringBuilder svg, Plan plan) {
        SortedMap<String, StringBuilder> paths = new TreeMap<>();
        StringBuilder numbers = new StringBuilder();
        for (int i = 0; i < heat.values().length; i++) {
            outline(paths.computeIfAbsent(shade(heat.values()[i]), key -> new StringBuilder()), plan, i, 0);
            if (plan.numbered) {
                text(numbers, "", plan.x(i % plan.columns) + plan.cell / 2.0,
                        plan.y(i / plan.columns) + plan.line / 2.0 + 4.5, number(heat.values()[i]));
            }
        }
        paths.forEach((shade, path) -> svg.append("<path class=\"").append(shade).append("\" d=\"").append(path)
                .append("\"/>"));
        svg.append(numbers);
    }

    private void marks(StringBuilder svg, Plan plan) {
        StringBuilder path = new StringBuilder();
        for (int i = 0; i < heat.values().length; i++) {
            if (heat.marked()[i]) {
                outline(path, plan, i, 1);
            }
        }
        if (!path.isEmpty()) {
            svg.append("<path class=\"mark").append(plan.numbered ? "" : " thin").append("\" d=\"").append(path)
                    .append("\"/>");
        }
    }

    /** The border of cell {@code i}, drawn {@code inset} pixels within it. */
    private static void outline(StringBuilder path, Plan plan, int i, int inset) {
        path.append('M').append(plan.x(i % plan.columns) + inset).append(' ').append(plan.y(i / plan.columns) + inset)
                .append('h').append(plan.cell - 2 * inset).append('v').append(plan.line - 2 * inset).append("h-")
                .append(plan.cell - 2 * inset).append('z');
    }

    private void totals(StringBuilder svg, Plan plan) {
        double x = plan.x(plan.columns) + 6 + plan.cell / 2.0;
        double y = plan.y(plan.rows) + 6 + plan.line / 2.0 + 4.5;
        text(svg, "axis", x, plan.top - 6, "Σ");
        text(svg, "axis end", plan.left - 6, y, "Σ");
        for (int row = 0; row < plan.rows; row++) {
            text(svg, "axis", x, plan.y(row) + plan.line / 2.0 + 4.5, number(heat.rowTotal(row)));
        }
        for (int column = 0; column < plan.columns; column++) {
            text(svg, "axis", plan.x(column) + plan.cell / 2.0, y, number(heat.columnTotal(column)));
        }
    }

    private static void text(StringBuilder svg, String css, double x, double y, String text) {
        svg.append(css.isEmpty() ? "<text" : "<text class=\"" + css + "\"")
                .append(String.format(Locale.ROOT, " x=\"%.1f\" y=\"%.1f\">", x, y)).append(Page.escape(text))
                .append("</text>");
    }

    private String legend(Plan plan) {
        if (heat.values().length == 1) {
            return "";
        }
        StringBuilder legend = new StringBuilder("<div class=\"legend\"><span>");
        double most = heat.most();
        boolean negative = heat.least() < 0;
        legend.append(negative ? number(-most) : "0").append(scale(negative)).append(number(most)).append("</span>");
        if (!heat.marking().isEmpty()) {
            legend.append("<span><b></b>").append(Page.escape(heat.marking())).append("</span>");
        }
        if (plan.totals) {
            legend.append("<span>Σ sums</span>");
        }
        if (DoubleStream.of(heat.values()).anyMatch(Double::isInfinite)) {
            legend.append("<span>grey: −∞</span>");
        }
        return legend.append("</div>").toString();
    }

    private static String scale(boolean negative) {
        int from = negative ? -SHADES : 0;
        StringBuilder svg = new StringBuilder(String.format(Locale.ROOT,
                "<svg width=\"%d\" height=\"11\" aria-hidden=\"true\">", (SHADES - from + 1) * 8));
        for (int shade = from; shade <= SHADES; shade++) {
            svg.append(String.format(Locale.ROOT, "<rect class=\"%s\" x=\"%d\" width=\"8\" height=\"11\"/>",
                    shade(shade), (shade - from) * 8));
        }
        return svg.append("</svg>").toString();
    }

    private String shade(double value) {
        if (!Double.isFinite(value)) {
            return "inf";
        }
        return shade(heat.most() == 0 ? 0 : (int) Math.round(SHADES * value / heat.most()));
    }

    private static String shade(int shade) {
        return shade == 0 ? "z" : shade > 0 ? "p" + shade : "n" + -shade;
    }

    /** As many decimals as the largest value of the matrix leaves room for; none where all are whole numbers. */
    private String format() {
        double most = heat.most();
        if (most >= 1e4 || most < 0.01) {
            return "%.1e";
        }
        if (DoubleStream.of(heat.values()).allMatch(v -> v == Math.rint(v))) {
            return "%.0f";
        }
        return heat.values().length == 1 ? "%.6f" : most >= 100 ? "%.0f" : most >= 10 ? "%.1f" : most >= 1 ? "%.2f"
                : "%.3f";
    }

    private String number(double value) {
        if (!Double.isFinite(value)) {
            return "−∞";
        }
        if (value == 0) {
            return "0";
        }
        String text = String.format(Locale.ROOT, format(), value);
        boolean rounded = text.chars().allMatch(c -> c == '-' || c == '0' || c == '.');
        return (rounded ? text.replace("-", "") : text).replace('-', '−');
    }
}
