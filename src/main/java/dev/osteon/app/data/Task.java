package dev.osteon.app.data;

import java.util.Locale;
import java.util.OptionalInt;

/** A binary classification task on T-scores. Class 1 (positive) is osteoporosis: a T-score of -2.5 or lower (WHO). */
public enum Task {
    /** T <= -2.5 against all others. */
    OSTEOPOROSIS_VS_REST,
    /** T >= -1 against T <= -2.5; the scores in between (osteopenia) are left out. */
    NORMAL_VS_OSTEOPOROSIS;

    private static final double OSTEOPOROSIS = -2.5;
    private static final double NORMAL = -1;

    /** Diagnostic categories that a label column may name. */
    enum Diagnosis { NORMAL, OSTEOPENIA, OSTEOPOROSIS }

    /** The class of a T-score: 0 or 1, empty if the task leaves it out. */
    public OptionalInt classOf(double tScore) {
        if (tScore <= OSTEOPOROSIS) {
            return OptionalInt.of(1);
        }
        return this == OSTEOPOROSIS_VS_REST || tScore >= NORMAL ? OptionalInt.of(0) : OptionalInt.empty();
    }

    OptionalInt classOf(Diagnosis diagnosis) {
        return switch (diagnosis) {
            case OSTEOPOROSIS -> OptionalInt.of(1);
            case NORMAL -> OptionalInt.of(0);
            case OSTEOPENIA -> this == OSTEOPOROSIS_VS_REST ? OptionalInt.of(0) : OptionalInt.empty();
        };
    }

    /** The name on the command line and in reports: {@code osteoporosis-vs-rest}, {@code normal-vs-osteoporosis}. */
    public String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
