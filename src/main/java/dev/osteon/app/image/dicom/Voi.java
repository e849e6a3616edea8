package dev.osteon.app.image.dicom;

import java.util.Locale;

/** Which values of interest become which grey (DICOM PS3.3, C.11.2). */
public sealed interface Voi {
    /** Grey of a value after the modality's transformation: 0 (darkest) to 1 (brightest), before any inversion. */
    double grey(double value);

    /** One line of words. */
    String describe();

    /**
     * All values that the stored bits can have, evenly.
     *
     * @param lowest becomes 0
     * @param highest becomes 1; above {@code lowest}
     */
    record FullRange(double lowest, double highest) implements Voi {
        @Override
        public double grey(double value) {
            return (value - lowest) / (highest - lowest);
        }

        @Override
        public String describe() {
            return "none (full range)";
        }
    }

    /** The shape of a window. */
    enum Function { LINEAR, LINEAR_EXACT, SIGMOID }

    /**
     * A window.
     *
     * @param function C.11.2.1.2 and C.11.2.1.3
     * @param center c
     * @param width w: at least 1 where linear, above 0 otherwise
     */
    record Window(Function function, double center, double width) implements Voi {
        @Override
        public double grey(double x) {
            return switch (function) {
                // ((x - (c - 0.5)) / (w - 1)) + 0.5, by C.11.2.1.2.1; a step at c - 0.5 where w is 1
                case LINEAR -> width == 1 ? (x <= center - 0.5 ? 0 : 1)
                        : Math.clamp((x - (center - 0.5)) / (width - 1) + 0.5, 0.0, 1.0);
                // (x - c) / w + 0.5, by C.11.2.1.3.2
                case LINEAR_EXACT -> Math.clamp((x - center) / width + 0.5, 0.0, 1.0);
                // 1 / (1 + exp(-4 (x - c) / w)), by C.11.2.1.3.1
                case SIGMOID -> 1 / (1 + Math.exp(-4 * (x - center) / width));
            };
        }

        @Override
        public String describe() {
            return "window center " + center + ", width " + width + ", "
                    + function.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** A table of greys. */
    record Table(LookupTable table) implements Voi {
        @Override
        public double grey(double value) {
            return table.at(value) / (double) table.highest();
        }

        @Override
        public String describe() {
            return "table of " + table.entries().length + " greys";
        }
    }
}
