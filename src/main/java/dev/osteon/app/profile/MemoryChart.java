package dev.osteon.app.profile;

import java.util.List;
import java.util.Locale;

/** Live bytes over time as SVG bars, coloured by the phase. */
final class MemoryChart {

    private static final int WIDTH = 1180;
    private static final int HEIGHT = 240;
    private static final int LEFT = 62;
    private static final int BOTTOM = 34;
    private static final int TOP = 10;
    private static final double MIB = 1 << 20;

    private MemoryChart() {}

    static String svg(Profile profile) {
        List<Profile.MemoryPoint> points = profile.memory();
        double end = points.isEmpty() ? 1 : Math.max(1e-9, points.getLast().at());
        double most = Math.max(1, profile.peakMemory());
        StringBuilder svg = new StringBuilder(String.format(Locale.ROOT, "<svg viewBox=\"0 0 %d %d\" role=\"img\" "
                + "class=\"chart\"><title>Live tensors</title>", WIDTH, HEIGHT));
        double before = 0;
        for (Profile.MemoryPoint point : points) {
            double left = LEFT + before / end * (WIDTH - LEFT - 10);
            double right = LEFT + point.at() / end * (WIDTH - LEFT - 10);
            double high = point.bytes() / most * (HEIGHT - BOTTOM - TOP);
            svg.append(String.format(Locale.ROOT, "<rect x=\"%.2f\" y=\"%.1f\" width=\"%.2f\" height=\"%.1f\" "
                    + "fill=\"%s\"/>", left, HEIGHT - BOTTOM - high, Math.max(0.4, right - left), high,
                    Roofline.colour(point.phase())));
            before = point.at();
        }
        for (int i = 0; i <= 4; i++) {
            double y = HEIGHT - BOTTOM - i / 4.0 * (HEIGHT - BOTTOM - TOP);
            svg.append(String.format(Locale.ROOT, "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" class=\"grid\"/>"
                    + "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.0f MiB</text>", LEFT, WIDTH - 10, y, y, LEFT - 5,
                    y + 4, i / 4.0 * most / MIB));
            svg.append(String.format(Locale.ROOT, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.2f s</text>",
                    LEFT + i / 4.0 * (WIDTH - LEFT - 40), HEIGHT - 12, i / 4.0 * end));
        }
        return svg.append("</svg>").toString();
    }
}
