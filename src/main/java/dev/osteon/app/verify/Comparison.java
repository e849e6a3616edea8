package dev.osteon.app.verify;

import com.fasterxml.jackson.databind.JsonNode;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.tensor.DType;
import java.util.Arrays;
import java.util.Locale;

/** Compares what a case computed with what it expects, element by element; NaN never passes. */
final class Comparison {

    private final GoldenCase golden;
    private final DType precision;
    private double worst;
    private String where = "";
    private int compared;

    /** @param precision F64 or F32: which of the case's tolerances counts */
    Comparison(GoldenCase golden, DType precision) {
        this.golden = golden;
        this.precision = precision;
    }

    /** All of the expected tensor {@code name}. */
    void check(String name, double... actual) {
        double[] expected = golden.values(name);
        if (expected.length != actual.length) {
            throw new EngineException(name + ": given " + actual.length + " values; expected " + expected.length);
        }
        check(name, 0, actual);
    }

    /** Part of the expected tensor {@code name}, from element {@code from} on. */
    void check(String name, int from, double... actual) {
        double[] expected = golden.values(name);
        double[] tolerance = tolerance(name, expected.length);
        for (int i = 0; i < actual.length; i++) {
            double error = Math.abs(actual[i] - expected[from + i]);
            double share = error == 0 ? 0 : error / tolerance[from + i];
            if (!(share <= worst)) {
                worst = Double.isNaN(share) ? Double.POSITIVE_INFINITY : share;
                where = String.format(Locale.ROOT, "%s[%d] is %.9g, expected %.9g ± %.2g", name, from + i, actual[i],
                        expected[from + i], tolerance[from + i]);
            }
        }
        compared += actual.length;
    }

    /** A statement of the case's notes that is not one element against another. */
    void that(boolean holds, String what) {
        compared++;
        if (!holds) {
            worst = Double.POSITIVE_INFINITY;
            where = what;
        }
    }

    private double[] tolerance(String name, int length) {
        String each = (precision == DType.F64 ? "tol64." : "tol32.") + name;
        if (golden.has(each)) {
            return golden.values(each);
        }
        JsonNode all = golden.entry().path("tensors").path(name).path(precision == DType.F64 ? "atol_f64" : "atol_f32");
        if (!all.isNumber()) {
            throw new EngineException("case " + golden.id() + " gives no tolerance for " + name);
        }
        double[] tolerance = new double[length];
        Arrays.fill(tolerance, all.asDouble());
        return tolerance;
    }

    /** The largest error as a share of its tolerance. */
    double worst() {
        return worst;
    }

    /** Whether anything was compared and all of it within its tolerance. */
    boolean passed() {
        return compared > 0 && worst <= 1;
    }

    String detail() {
        return compared == 0 ? "nothing was compared" : where;
    }
}
