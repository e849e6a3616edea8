package dev.osteon.app.report;

import java.util.Map;

/**
 * A row of curves.csv.
 *
 * @param phase  pretext or probe
 * @param at     the epoch, from 1, or what a probe's candidates differ in
 * @param values by column
 */
public record CurvePoint(String phase, double at, Map<String, Double> values) {

    public static final String PRETEXT = "pretext";
    public static final String PROBE = "probe";

    public CurvePoint {
        values = Map.copyOf(values);
    }

    /** NaN where there is none. */
    public double value(String column) {
        return values.getOrDefault(column, Double.NaN);
    }
}
