package dev.osteon.bench.run;

import dev.osteon.bench.ComparedBenchmark;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Our side of a case in this process, for the profiler. It runs as often as JMH would run it, by the benchmark's
 * annotations: an iteration takes its time, and one run at least.
 */
final class ProfiledCase implements Callable<Integer> {

    private final ComparedBenchmark benchmark;
    private final Iterations recorded;

    /** As many iterations, each for so long at least. */
    private record Iterations(int count, long nanos) {

        void run(Runnable step) {
            for (int i = 0; i < count; i++) {
                long start = System.nanoTime();
                do {
                    step.run();
                } while (System.nanoTime() - start < nanos);
            }
        }
    }

    private ProfiledCase(ComparedBenchmark benchmark, Iterations recorded) {
        this.benchmark = benchmark;
        this.recorded = recorded;
    }

    /** Sets it up and warms it up; {@link #call} then runs {@code rounds} times the iterations of a measurement. */
    static ProfiledCase ready(BenchmarkCase what, Fork.Length length, int rounds) throws IOException {
        ComparedBenchmark benchmark = what.instance();
        benchmark.implementation = ComparedBenchmark.OURS;
        benchmark.setUp();
        if (length == Fork.Length.QUICK) {
            return new ProfiledCase(benchmark, new Iterations(1, 0));
        }
        Warmup warmup = what.type().getAnnotation(Warmup.class);
        Measurement measurement = what.type().getAnnotation(Measurement.class);
        new Iterations(warmup.iterations(), warmup.timeUnit().toNanos(warmup.time())).run(benchmark::step);
        return new ProfiledCase(benchmark, new Iterations(rounds * measurement.iterations(),
                measurement.timeUnit().toNanos(measurement.time())));
    }

    @Override
    public Integer call() {
        try {
            recorded.run(benchmark::step);
        } finally {
            benchmark.tearDown();
        }
        return 0;
    }
}
