package dev.osteon.engine.backend.onednn.vector;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** Threads of our own, for where no other library's can be borrowed: they spin for a while after each loop, then park. */
final class JavaTeam implements Parallel.Team {

    /** Spins before a waiting worker parks: a few microseconds, the gap between two kernels of a network. */
    private static final int SPINS = 20_000;

    private Worker[] workers = new Worker[0];
    private volatile Job job = new Job(0, () -> { });

    @Override
    public void run(int width, Runnable work) {
        if (workers.length != width - 1) {
            resize(width - 1);
        }
        Job next = new Job(workers.length, work);
        post(next);
        work.run();
        next.await();
    }

    private void resize(int count) {
        post(Job.STOP);
        workers = new Worker[count];
        for (int i = 0; i < count; i++) {
            workers[i] = new Worker(job);
            workers[i].setDaemon(true);
            workers[i].start();
        }
    }

    private void post(Job next) {
        job = next;
        for (Worker worker : workers) {
            if (worker.parked) {
                LockSupport.unpark(worker);
            }
        }
    }

    /** One piece of work and the number of workers that have yet to come back from it. */
    private record Job(AtomicInteger left, Runnable work) {
        static final Job STOP = new Job(0, () -> { });

        Job(int workers, Runnable work) {
            this(new AtomicInteger(workers), work);
        }

        void await() {
            for (int i = 0; left.get() > 0; i++) {
                if (i < SPINS) {
                    Thread.onSpinWait();
                } else {
                    Thread.yield();   // the worker may be waiting for this very core
                }
            }
        }
    }

    private final class Worker extends Thread {
        private Job done;
        private volatile boolean parked;

        Worker(Job done) {
            super("osteon-compute");
            this.done = done;
        }

        @Override
        public void run() {
            for (Job next = await(); next != Job.STOP; next = await()) {
                next.work.run();
                next.left.decrementAndGet();
                done = next;
            }
        }

        private Job await() {
            for (int i = 0; i < SPINS; i++) {
                if (job != done) {
                    return job;
                }
                Thread.onSpinWait();
            }
            parked = true;
            while (job == done) {
                LockSupport.park(JavaTeam.this);
            }
            parked = false;
            return job;
        }
    }
}
