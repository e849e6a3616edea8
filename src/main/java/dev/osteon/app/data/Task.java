package dev.osteon.app.data;

import java.util.Optional;

/** Which question the labels answer. Class 1 is osteoporosis: T-score ≤ −2.5 (WHO 1994). */
public enum Task {
    /** Osteoporosis against everybody else. */
    OSTEOPOROSIS_VS_REST,
    /** Osteoporosis against normal, T-score ≥ −1; osteopenia in between is left out. */
    NORMAL_VS_OSTEOPOROSIS;

    /** The T-score at and below which it is osteoporosis. */
    public static final double OSTEOPOROSIS = -2.5;
    /** The T-score at and above which it is normal. */
    public static final double NORMAL = -1;

    /** The class of a T-score, empty when the task leaves it out. */
    public Optional<Integer> classOf(double tScore) {
        if (tScore <= OSTEOPOROSIS) {
            return Optional.of(1);
        }
        return this == NORMAL_VS_OSTEOPOROSIS && tScore < NORMAL ? Optional.empty() : Optional.of(0);
    }

    /** The class of a label in words or digits, empty when the task leaves it out or the word is not known. */
    public Optional<Integer> classOf(String label) {
        return switch (label.strip().toLowerCase(java.util.Locale.ROOT)) {
            case "osteoporosis", "osteoporotic", "1", "positive" -> Optional.of(1);
            case "normal", "0", "negative", "rest" -> Optional.of(0);
            case "osteopenia", "osteopenic" -> this == NORMAL_VS_OSTEOPOROSIS ? Optional.empty() : Optional.of(0);
            default -> Optional.empty();
        };
    }
}
