package dev.osteon.app.explain;

import dev.osteon.engine.tensor.Tensor;
import java.util.function.BiPredicate;

/**
 * A matrix to be shown in colours and numbers.
 *
 * @param name    of the matrix
 * @param values  in row-major order, finite or −∞
 * @param marked  which cells are outlined, in the same order
 * @param marking what the outline means; empty when none is
 * @param totals  whether the sums of rows and columns stand beside it
 */
record Heat(String name, Axis rows, Axis columns, double[] values, boolean[] marked, String marking, Totals totals) {

    /** Sums of the lines. */
    enum Totals { NONE, BOTH }

    Heat {
        if (values.length != rows.size() * columns.size() || marked.length != values.length) {
            throw new IllegalArgumentException(name + ": " + values.length + " values for " + rows.size() + " rows and "
                    + columns.size() + " columns");
        }
    }

    static Heat of(String name, Axis rows, Axis columns, Tensor values) {
        return of(name, rows, columns, values.toDoubles());
    }

    static Heat of(String name, Axis rows, Axis columns, double[] values) {
        return new Heat(name, rows, columns, values, new boolean[values.length], "", Totals.NONE);
    }

    /** Outlines the cells (row, column) that {@code which} names. */
    Heat marking(String meaning, BiPredicate<Integer, Integer> which) {
        boolean[] chosen = new boolean[values.length];
        for (int i = 0; i < chosen.length; i++) {
            chosen[i] = which.test(i / columns.size(), i % columns.size());
        }
        return new Heat(name, rows, columns, values, chosen, meaning, totals);
    }

    Heat withTotals() {
        return new Heat(name, rows, columns, values, marked, marking, Totals.BOTH);
    }

    double rowTotal(int row) {
        double sum = 0;
        for (int column = 0; column < columns.size(); column++) {
            sum += values[row * columns.size() + column];
        }
        return sum;
    }

    double columnTotal(int column) {
        double sum = 0;
        for (int row = 0; row < rows.size(); row++) {
            sum += values[row * columns.size() + column];
        }
        return sum;
    }

    /** The largest |value| of the finite ones. */
    double most() {
        double most = 0;
        for (double v : values) {
            most = Double.isFinite(v) ? Math.max(most, Math.abs(v)) : most;
        }
        return most;
    }

    /** The smallest value of the finite ones, or 0 when none is below. */
    double least() {
        double least = 0;
        for (double v : values) {
            least = Double.isFinite(v) ? Math.min(least, v) : least;
        }
        return least;
    }
}
