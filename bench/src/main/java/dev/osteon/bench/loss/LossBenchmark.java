package dev.osteon.bench.loss;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the benchmarks of the losses have in common. Each implementation runs in a process of its own, for two OpenMP
 * pools in one would disturb each other.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(value = 1, jvmArgs = {"-Xmx3g", "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
    "-Dosteon.threads=" + LossSuite.THREADS})
@Warmup(iterations = 2, time = 800, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 400, timeUnit = TimeUnit.MILLISECONDS)
public abstract class LossBenchmark {

    /** A file that the first outcome, {@code value norm}, is written to before anything is timed. */
    public static final String OUTCOME_FILE = "osteon.bench.outcome";

    @Param({"osteon", "libtorch"})
    public String implementation;

    private LossWork work;

    /** This benchmark's loss. */
    protected abstract LossWork of(LossSuite suite);

    @Setup
    public void setUp() throws IOException {
        work = of(LossSuite.named(implementation));
        LossWork.Outcome outcome = work.outcome();
        String file = System.getProperty(OUTCOME_FILE, "");
        if (!file.isEmpty()) {
            Files.writeString(Path.of(file), outcome.value() + " " + outcome.norm());
        }
    }

    @Benchmark
    public void run() {
        work.run();
    }

    @TearDown
    public void tearDown() {
        work.close();
    }
}
