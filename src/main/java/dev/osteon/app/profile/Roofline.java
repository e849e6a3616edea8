package dev.osteon.app.profile;

import dev.osteon.app.report.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The roofline plot (Williams, Waterman and Patterson 2009) as SVG: a dot for each operation and shape, its area the
 * time, under the roofs that were measured. Both axes are logarithmic.
 */
final class Roofline {

    private static final int WIDTH = 1180;
    private static final int HEIGHT = 460;
    private static final int LEFT = 62;
    private static final int BOTTOM = 44;
    private static final int TOP = 16;
    private static final int RIGHT = 18;
    private static final double LEAST_SHARE = 5e-4;
    private static final double LARGEST = 34;
    private static final Map<String, String> COLOURS = Map.of("forward", "#2563eb", "backward", "#dc6803",
            "recompute", "#db2777", "loss", "#9333ea", "optimizer", "#059669", "views", "#0891b2");
    private static final String OTHER = "#667085";

    private final Profile profile;
    private final List<Profile.Row> dots;
    private final double[] x;
    private final double[] y;

    private Roofline(Profile profile) {
        this.profile = profile;
        double all = profile.busy();
        dots = shapes(profile).stream().filter(row -> row.flops() > 0 && row.bytes() > 0 && row.seconds() > 0
                && row.seconds() > LEAST_SHARE * all).toList();
        double roof = profile.peaks().flops().values().stream().mapToDouble(v -> v).max().orElse(1e9);
        double lowest = dots.stream().mapToDouble(r -> r.flops() / r.seconds()).min().orElse(roof / 1e3);
        double left = dots.stream().mapToDouble(Roofline::intensity).min().orElse(0.1);
        double right = Math.max(dots.stream().mapToDouble(Roofline::intensity).max().orElse(100),
                2 * roof / profile.peaks().bandwidth());
        x = new double[] {Math.floor(Math.log10(left)), Math.ceil(Math.log10(right))};
        y = new double[] {Math.floor(Math.log10(lowest)), Math.log10(roof) + 0.25};
    }

    static String svg(Profile profile) {
        return new Roofline(profile).render();
    }

    static String colour(String phase) {
        return COLOURS.getOrDefault(phase, OTHER);
    }

    /** Rows by operation, shapes and phase, over all modules. */
    static List<Profile.Row> shapes(Profile profile) {
        Map<List<String>, Profile.Row> sums = new java.util.LinkedHashMap<>();
        for (Profile.Row row : profile.rows()) {
            sums.merge(List.of(row.op(), row.shapes(), row.phase()), row, (a, b) -> new Profile.Row(a.op(), a.shapes(),
                    a.phase(), "", a.count() + b.count(), a.seconds() + b.seconds(), a.flops() + b.flops(),
                    a.bytes() + b.bytes()));
        }
        List<Profile.Row> rows = new ArrayList<>(sums.values());
        rows.sort(java.util.Comparator.comparingDouble(Profile.Row::seconds).reversed());
        return rows;
    }

    private static double intensity(Profile.Row row) {
        return row.flops() / row.bytes();
    }

    private double px(double value) {
        return LEFT + (Math.log10(value) - x[0]) / (x[1] - x[0]) * (WIDTH - LEFT - RIGHT);
    }

    private double py(double value) {
        return HEIGHT - BOTTOM - (Math.log10(value) - y[0]) / (y[1] - y[0]) * (HEIGHT - BOTTOM - TOP);
    }

    private String render() {
        StringBuilder svg = new StringBuilder(String.format(Locale.ROOT, "<svg viewBox=\"0 0 %d %d\" role=\"img\" "
                + "class=\"chart\"><title>Roofline</title>", WIDTH, HEIGHT));
        for (int power = (int) x[0]; power <= x[1]; power++) {
            line(svg, px(Math.pow(10, power)), TOP, px(Math.pow(10, power)), HEIGHT - BOTTOM, "class=\"grid\"");
            text(svg, px(Math.pow(10, power)), HEIGHT - BOTTOM + 16, "middle", number(Math.pow(10, power)));
        }
        for (int power = (int) y[0]; power <= y[1]; power++) {
            line(svg, LEFT, py(Math.pow(10, power)), WIDTH - RIGHT, py(Math.pow(10, power)), "class=\"grid\"");
            text(svg, LEFT - 6, py(Math.pow(10, power)) + 4, "end", number(Math.pow(10, power - 9)));
        }
        text(svg, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8, "middle", "FLOP per byte of operands and results");
        svg.append(String.format(Locale.ROOT, "<text transform=\"translate(14 %d) rotate(-90)\" "
                + "text-anchor=\"middle\">GFLOP/s</text>", (HEIGHT - BOTTOM) / 2));
        roofs(svg);
        double all = profile.busy();
        for (Profile.Row row : dots) {
            double share = row.seconds() / all;
            svg.append(String.format(Locale.ROOT, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%.1f\" fill=\"%s\" "
                    + "fill-opacity=\"0.55\" stroke=\"%s\"><title>%s</title></circle>", px(intensity(row)),
                    py(row.flops() / row.seconds()), Math.max(2.5, LARGEST * Math.sqrt(share)), colour(row.phase()),
                    colour(row.phase()), Page.escape(String.format(Locale.ROOT, "%s %s%n%s, %.1f %% of the time, "
                            + "%d times, %.2f ms each%n%.1f GFLOP/s, %.1f GB/s, %.0f %% of the roof", row.op(),
                            row.shapes(), row.phase().isEmpty() ? "outside of phases" : row.phase(), 100 * share,
                            row.count(), 1e3 * row.seconds() / row.count(), row.flops() / row.seconds() / 1e9,
                            row.bytes() / row.seconds() / 1e9, 100 * profile.peaks().least(row) / row.seconds()))));
        }
        double at = LEFT + 10;
        for (String phase : List.of("views", "forward", "loss", "recompute", "backward", "optimizer", "other")) {
            svg.append(String.format(Locale.ROOT, "<circle cx=\"%.0f\" cy=\"%d\" r=\"5\" fill=\"%s\"/>", at, TOP + 6,
                    colour(phase)));
            text(svg, at + 9, TOP + 10, "start", phase);
            at += 30 + 6.5 * phase.length();
        }
        return svg.append("</svg>").toString();
    }

    private void roofs(StringBuilder svg) {
        double bandwidth = profile.peaks().bandwidth();
        profile.peaks().flops().forEach((dtype, roof) -> {
            double ridge = Math.max(roof / bandwidth, Math.pow(10, x[0]));
            double from = Math.max(Math.pow(10, x[0]), Math.pow(10, y[0]) / bandwidth);
            line(svg, px(from), py(from * bandwidth), px(ridge), py(roof), "stroke=\"#b42318\"");
            line(svg, px(ridge), py(roof), WIDTH - RIGHT, py(roof), "stroke=\"#b42318\"");
            text(svg, WIDTH - RIGHT - 4, py(roof) - 5, "end", String.format(Locale.ROOT, "%s %.0f GFLOP/s", dtype,
                    roof / 1e9));
        });
        double middle = Math.pow(10, (x[0] + Math.log10(Math.max(1e-9,
                profile.peaks().roof("f32") / bandwidth))) / 2);
        text(svg, px(middle) - 8, py(middle * bandwidth) - 8, "end", String.format(Locale.ROOT, "%.1f GB/s",
                bandwidth / 1e9));
    }

    private static void line(StringBuilder svg, double x1, double y1, double x2, double y2, String style) {
        svg.append(String.format(Locale.ROOT, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" %s/>", x1, y1, x2,
                y2, style));
    }

    private static void text(StringBuilder svg, double x, double y, String anchor, String text) {
        svg.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">%s</text>", x, y, anchor,
                Page.escape(text)));
    }

    private static String number(double value) {
        return value >= 1 ? String.format(Locale.ROOT, "%.0f", value)
                : String.format(Locale.ROOT, "%.4f", value).replaceAll("0+$", "");
    }
}
