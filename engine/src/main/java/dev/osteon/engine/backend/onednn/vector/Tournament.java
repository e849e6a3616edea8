package dev.osteon.engine.backend.onednn.vector;

import java.util.function.Supplier;

/**
 * Visits every unordered pair of n things once, each with itself first, then in the rounds of a tournament. Nothing is
 * in two pairs of a round, so that threads share the pairs; and what one thing is given comes in the same order at any
 * number of threads.
 */
final class Tournament {

    private Tournament() {}

    /** What is done with two things, i ≤ j. */
    @FunctionalInterface
    interface Match {
        void play(int i, int j);
    }

    /** @param perThread makes a match with working memory of its own */
    static void play(int n, Supplier<Match> perThread) {
        Parallel.forRange(n, 1, (from, to) -> {
            Match match = perThread.get();
            for (int i = (int) from; i < to; i++) {
                match.play(i, i);
            }
        });
        int circle = n + n % 2 - 1;                       // all but one sit around it; one place is empty if n is odd
        for (int round = 0; round < circle; round++) {
            int turn = round;
            Parallel.forRange((circle + 1) / 2, 1, (from, to) -> {
                Match match = perThread.get();
                for (int table = (int) from; table < to; table++) {
                    int a = table == 0 ? circle : (turn + table) % circle;
                    int b = (turn + circle - table) % circle;
                    if (Math.max(a, b) < n) {
                        match.play(Math.min(a, b), Math.max(a, b));
                    }
                }
            });
        }
    }
}
