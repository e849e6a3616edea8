package dev.osteon.bench.result;

import java.util.List;
import java.util.Locale;

/** Median and extremes of rounds; of none all are 0. */
public record Spread(double min, double median, double max) {

    /** Of some values. */
    static Spread of(List<Double> values) {
        if (values.isEmpty()) {
            return new Spread(0, 0, 0);
        }
        double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        return new Spread(sorted[0], (sorted[sorted.length / 2] + sorted[(sorted.length - 1) / 2]) / 2,
                sorted[sorted.length - 1]);
    }

    /** At least so far from the median to both sides, as a share of it. */
    Spread atLeast(double share) {
        return new Spread(Math.min(min, median * (1 - share)), median, Math.max(max, median * (1 + share)));
    }

    /** Extremes in three digits. */
    String range() {
        return number(min) + " – " + number(max);
    }

    /** Three significant digits. */
    public static String number(double value) {
        double magnitude = Math.abs(value);
        String format = magnitude >= 100 ? "%.0f" : magnitude >= 10 ? "%.1f" : magnitude >= 1 ? "%.2f" : "%.3f";
        return String.format(Locale.ROOT, format, value);
    }
}
