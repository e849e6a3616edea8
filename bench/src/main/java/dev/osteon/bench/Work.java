package dev.osteon.bench;

import java.util.Optional;

/** What one implementation does when a benchmark is timed, with its inputs ready. */
public interface Work extends AutoCloseable {

    /** Does it once more. */
    void run();

    /** Whether a run opens the {@code Span} of a step itself, as training does. */
    default boolean hasSteps() {
        return false;
    }

    /** Does it, and tells what came out; empty where implementations draw random numbers of their own. */
    default Optional<Outcome> outcome() {
        return Optional.empty();
    }

    /**
     * What implementations must agree on.
     *
     * @param value the loss; 0 where there is none
     * @param norm  Euclidean norm of the gradients, or of what else is computed
     */
    record Outcome(double value, double norm) {

        /** Whether values agree to 1e-4 and norms to 1e-3 of themselves. */
        public boolean agreesWith(Outcome other) {
            return close(value, other.value, 1e-4) && close(norm, other.norm, 1e-3);
        }

        private static boolean close(double a, double b, double tolerance) {
            return Math.abs(a - b) <= tolerance * Math.max(Math.abs(a), Math.abs(b));
        }
    }

    @Override
    void close();
}
