package dev.osteon.bench.loss;

/** One loss with its inputs and gradients, as one implementation has it. */
public interface LossWork extends AutoCloseable {

    /** Computes the loss and its gradients once more. */
    void run();

    /** {@link #run}, and what came out. */
    Outcome outcome();

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
