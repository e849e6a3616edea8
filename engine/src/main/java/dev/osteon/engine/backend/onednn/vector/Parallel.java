package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.EngineException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Data-parallel loops over a {@link Team} of threads, the caller among them. Ranges are cut the same way whatever the
 * timing and the team, and nested loops run on their caller's thread, so the machine is never over-subscribed.
 */
public final class Parallel {

    private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);

    private static volatile int width =
            Math.max(1, Integer.getInteger("osteon.threads", Runtime.getRuntime().availableProcessors()));
    private static volatile Team team = new JavaTeam();

    private Parallel() {}

    /** Part of a loop: {@code from} to {@code to} − 1. */
    @FunctionalInterface
    public interface RangeBody {
        void run(long from, long to);
    }

    /** Threads that run one piece of work together. */
    @FunctionalInterface
    public interface Team {

        /**
         * Runs {@code work} at once on up to {@code width} threads, the caller among them, and returns when all have
         * come back from it. {@code work} throws nothing and is given out until none is left, so that it does not
         * matter how many threads come.
         */
        void run(int width, Runnable work);
    }

    /** Number of threads in use, the caller included. */
    public static int threads() {
        return width;
    }

    /** Uses {@code threads} threads from now on; not while a loop runs. */
    public static void setThreads(int threads) {
        if (threads < 1) {
            throw new EngineException("threads: given " + threads + "; expected 1 or more");
        }
        width = threads;
    }

    /** Runs all loops from now on with {@code threads}, such as those of a library that computes between them. */
    public static void use(Team threads) {
        team = threads;
    }

    /** Runs {@code body} over 0 … n − 1, in parts of at least {@code grain}; returns when all are done. */
    public static void forRange(long n, long grain, RangeBody body) {
        if (n <= 0) {
            return;
        }
        int parts = (int) Math.min(width, (n + grain - 1) / grain);
        if (parts <= 1 || INSIDE.get()) {
            body.run(0, n);
            return;
        }
        Loop loop = new Loop(n, parts, body);
        synchronized (Parallel.class) {
            team.run(width, loop);
        }
        loop.rethrow();
    }

    /** One loop: each thread that comes takes parts until none is left. */
    private static final class Loop implements Runnable {
        private final long n;
        private final int parts;
        private final RangeBody body;
        private final AtomicInteger next = new AtomicInteger();
        private volatile Throwable failure;

        Loop(long n, int parts, RangeBody body) {
            this.n = n;
            this.parts = parts;
            this.body = body;
        }

        @Override
        public void run() {
            INSIDE.set(true);
            try {
                for (int part = next.getAndIncrement(); part < parts; part = next.getAndIncrement()) {
                    body.run(n * part / parts, n * (part + 1) / parts);
                }
            } catch (Throwable t) {
                failure = t;
            } finally {
                INSIDE.set(false);
            }
        }

        void rethrow() {
            if (failure instanceof RuntimeException e) {
                throw e;
            }
            if (failure instanceof Error e) {
                throw e;
            }
        }
    }
}
