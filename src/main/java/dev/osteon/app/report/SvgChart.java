package dev.osteon.app.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A line chart as inline SVG: axes with round ticks, a legend, and a title for screen readers. */
public final class SvgChart {

    private static final int WIDTH = 460;
    private static final int HEIGHT = 312;
    private static final int LEFT = 56;
    private static final int RIGHT = 14;
    private static final int TOP = 30;
    private static final int BOTTOM = 60;
    private static final String[] COLOURS = {"#2563eb", "#dc6803", "#059669", "#9333ea"};

    private final String title;
    private final String xLabel;
    private final String yLabel;
    private final List<Series> series = new ArrayList<>();
    private final List<double[]> marks = new ArrayList<>();
    private double[] xRange = {};
    private double[] yRange = {};

    private record Series(String name, double[] x, double[] y, String dash) {}

    /** An empty chart. */
    public SvgChart(String title, String xLabel, String yLabel) {
        this.title = title;
        this.xLabel = xLabel;
        this.yLabel = yLabel;
    }

    /** A named line; points that are not numbers are left out. */
    public SvgChart line(String name, double[] x, double[] y) {
        series.add(new Series(name, x, y, ""));
        return this;
    }

    /** A named dashed line in the colour of the line before it. */
    public SvgChart dashed(String name, double[] x, double[] y) {
        series.add(new Series(name, x, y, "5 4"));
        return this;
    }

    /** A dashed grey line without a name. */
    SvgChart guide(double[] x, double[] y) {
        series.add(new Series("", x, y, "4 4"));
        return this;
    }

    SvgChart mark(double x, double y) {
        marks.add(new double[] {x, y});
        return this;
    }

    /** Fixed axes; otherwise they follow the data. */
    SvgChart ranges(double xLow, double xHigh, double yLow, double yHigh) {
        xRange = new double[] {xLow, xHigh};
        yRange = new double[] {yLow, yHigh};
        return this;
    }

    /** The chart as an SVG element. */
    public String render() {
        double[] xr = xRange.length == 2 ? xRange : range(true);
        double[] yr = yRange.length == 2 ? yRange : range(false);
        StringBuilder svg = new StringBuilder();
        svg.append(String.format(Locale.ROOT,
                "<svg viewBox=\"0 0 %d %d\" role=\"img\" class=\"chart\"><title>%s</title>", WIDTH, HEIGHT,
                Html.escape(title)));
        svg.append(String.format(Locale.ROOT, "<text x=\"%d\" y=\"18\" class=\"chart-title\">%s</text>", LEFT,
                Html.escape(title)));
        axes(svg, xr, yr);
        int colour = -1;
        double legend = LEFT + 8;
        for (Series s : series) {
            boolean guide = s.name.isEmpty();
            boolean dashed = !guide && !s.dash.isEmpty();
            colour += guide || dashed ? 0 : 1;
            String stroke = guide ? "#98a2b3" : COLOURS[Math.max(0, colour) % COLOURS.length];
            svg.append(String.format(Locale.ROOT,
                    "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"%s\" stroke-dasharray=\"%s\" points=\"%s\"/>",
                    stroke, guide ? "1" : "2", s.dash, points(s, xr, yr)));
            if (!guide) {
                svg.append(String.format(Locale.ROOT,
                        "<line x1=\"%.0f\" x2=\"%.0f\" y1=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"3\" "
                        + "stroke-dasharray=\"%s\"/><text x=\"%.0f\" y=\"%d\">%s</text>", legend, legend + 14,
                        HEIGHT - 8, HEIGHT - 8, stroke, s.dash, legend + 18, HEIGHT - 4, Html.escape(s.name)));
                legend += 28 + 5.8 * s.name.length();
            }
        }
        for (double[] mark : marks) {
            svg.append(String.format(Locale.ROOT,
                    "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"none\" stroke=\"#b42318\" stroke-width=\"2\"/>",
                    px(mark[0], xr), py(mark[1], yr)));
        }
        return svg.append("</svg>").toString();
    }

    private String points(Series s, double[] xr, double[] yr) {
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < s.x.length; i++) {
            if (Double.isFinite(s.y[i])) {
                points.append(String.format(Locale.ROOT, "%.1f,%.1f ", px(s.x[i], xr), py(s.y[i], yr)));
            }
        }
        return points.toString();
    }

    private double px(double x, double[] r) {
        return LEFT + (x - r[0]) / (r[1] - r[0]) * (WIDTH - LEFT - RIGHT);
    }

    private double py(double y, double[] r) {
        return HEIGHT - BOTTOM - (y - r[0]) / (r[1] - r[0]) * (HEIGHT - TOP - BOTTOM);
    }

    private void axes(StringBuilder svg, double[] xr, double[] yr) {
        for (double tick : ticks(yr)) {
            double y = py(tick, yr);
            svg.append(String.format(Locale.ROOT, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>"
                    + "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>", LEFT, WIDTH - RIGHT, y, y, LEFT - 6,
                    y + 4, label(tick)));
        }
        for (double tick : ticks(xr)) {
            double x = px(tick, xr);
            svg.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>", x,
                    HEIGHT - BOTTOM + 15, label(tick)));
        }
        svg.append(String.format(Locale.ROOT, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                (LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 33, Html.escape(xLabel)));
        svg.append(String.format(Locale.ROOT,
                "<text transform=\"translate(12 %d) rotate(-90)\" text-anchor=\"middle\">%s</text>",
                (HEIGHT - BOTTOM + TOP) / 2, Html.escape(yLabel)));
    }

    private double[] range(boolean horizontal) {
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        for (Series s : series) {
            for (double v : horizontal ? s.x : s.y) {
                if (Double.isFinite(v)) {
                    low = Math.min(low, v);
                    high = Math.max(high, v);
                }
            }
        }
        if (!(low < high)) {
            return Double.isFinite(low) ? new double[] {low - 0.5, low + 0.5} : new double[] {0, 1};
        }
        double margin = horizontal ? 0 : 0.05 * (high - low);
        return new double[] {low - margin, high + margin};
    }

    /** Four to eight multiples of 1, 2 or 5 times a power of ten. */
    private static List<Double> ticks(double[] r) {
        double rough = (r[1] - r[0]) / 6;
        double power = Math.pow(10, Math.floor(Math.log10(rough)));
        double step = rough / power < 1.5 ? power : rough / power < 3.5 ? 2 * power : rough / power < 7.5 ? 5 * power
                : 10 * power;
        List<Double> ticks = new ArrayList<>();
        for (double t = Math.ceil(r[0] / step - 1e-9) * step; t <= r[1] + 1e-9 * step; t += step) {
            ticks.add(Math.abs(t) < step / 1e6 ? 0 : t);
        }
        return ticks;
    }

    private static String label(double value) {
        String text = String.format(Locale.ROOT, Math.abs(value) >= 1000 || value == Math.rint(value) ? "%.0f" : "%.4f",
                value);
        return text.contains(".") ? text.replaceAll("\\.?0+$", "") : text;
    }
}
