package dev.osteon.engine.backend.onednn.vector;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Data-parallel loops over a fixed set of threads, the caller among them. Ranges are cut the same way whatever the
 * timing, and nested loops run on their caller's thread, so the machine is never over-subscribed.
 */
public final class Parallel {

    /** Spins before a waiting worker parks: a few microseconds, the gap between two kernels of a network. */
    private static final int SPINS = 20_000;

    private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);
    private static Parallel current = new Parallel(defaultWidth());

    private final int width;
    private final Worker[] workers;
    private volatile Job job;

    private Parallel(int width) {
        this.width = width;
        workers = new Worker[width - 1];
        for (int i = 0; i < workers.length; i++) {
            workers[i] = new Worker(i + 1);
            workers[i].setDaemon(true);
            workers[i].start();
        }
    }

    /** Part of a loop: {@code from} to {@code to} − 1. */
    @FunctionalInterface
    public interface RangeBody {
        void run(long from, long to);
    }

    private static int defaultWidth() {
        return Math.max(1, Integer.getInteger("osteon.threads", Runtime.getRuntime().availableProcessors()));
    }

    /** Number of threads in use, the caller included. */
    public static int threads() {
        return current.width;
    }

    /** Uses {@code threads} threads from now on; not while a loop runs. */
    public static synchronized void setThreads(int threads) {
        if (threads < 1) {
            throw new dev.osteon.engine.EngineException("threads: given " + threads + "; expected 1 or more");
        }
        if (threads != current.width) {
            Parallel before = current;
            current = new Parallel(threads);
            before.post(Job.STOP);
        }
    }

    /** Runs {@code body} over 0 … n − 1, in parts of at least {@code grain}; returns when all are done. */
    public static void forRange(long n, long grain, RangeBody body) {
        if (n <= 0) {
            return;
        }
        Parallel pool = current;
        int parts = (int) Math.min(pool.width, (n + grain - 1) / grain);
        if (parts <= 1 || INSIDE.get()) {
            body.run(0, n);
            return;
        }
        pool.run(n, parts, body);
    }

    private synchronized void run(long n, int parts, RangeBody body) {
        Job next = new Job(n, parts, body);
        post(next);
        INSIDE.set(true);
        try {
            next.part(0);
        } finally {
            INSIDE.set(false);
            next.await();
        }
        next.rethrow();
    }

    private void post(Job next) {
        job = next;
        for (Worker worker : workers) {
            if (worker.parked) {
                LockSupport.unpark(worker);
            }
        }
    }

    /** One loop. */
    private static final class Job {
        static final Job STOP = new Job(0, 0, (from, to) -> { });

        private final long n;
        private final int parts;
        private final RangeBody body;
        private final AtomicInteger left;
        private volatile Throwable failure;

        Job(long n, int parts, RangeBody body) {
            this.n = n;
            this.parts = parts;
            this.body = body;
            left = new AtomicInteger(parts);
        }

        void part(int index) {
            try {
                body.run(n * index / parts, n * (index + 1) / parts);
            } catch (Throwable t) {
                failure = t;
            } finally {
                left.decrementAndGet();
            }
        }

        void await() {
            while (left.get() > 0) {
                Thread.onSpinWait();
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

    private final class Worker extends Thread {
        private final int index;
        private volatile boolean parked;

        Worker(int index) {
            super("osteon-compute-" + index);
            this.index = index;
        }

        @Override
        public void run() {
            INSIDE.set(true);
            Job done = null;
            while (true) {
                Job next = await(done);
                if (next == Job.STOP) {
                    return;
                }
                if (index < next.parts) {
                    next.part(index);
                }
                done = next;
            }
        }

        private Job await(Job done) {
            for (int i = 0; i < SPINS; i++) {
                if (job != done) {
                    return job;
                }
                Thread.onSpinWait();
            }
            parked = true;
            try {
                while (job == done) {
                    LockSupport.park(Parallel.this);
                }
                return job;
            } finally {
                parked = false;
            }
        }
    }
}
