package dev.osteon.bench;

import dev.osteon.app.profile.Profile;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.dispatch.Span;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
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
 * What all benchmarks have in common. A subclass has its shapes as {@code @Param} and does ours; a peer's
 * {@link Implementation} reads the same fields. Each implementation runs in a process of its own, for two OpenMP pools
 * in one would disturb each other.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Fork(value = 1, jvmArgs = {ComparedBenchmark.HEAP, ComparedBenchmark.YOUNG, ComparedBenchmark.COLLECTOR,
    ComparedBenchmark.VECTORS, ComparedBenchmark.NATIVE})
@Warmup(iterations = 5, time = 600, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
public abstract class ComparedBenchmark {

    /** Of the Java virtual machine, on all sides: the most that the heap may take. */
    public static final String HEAP = "-Xmx3g";
    /** And that its young generation may, so that garbage that nobody has collected yet counts for less. */
    public static final String YOUNG = "-XX:MaxNewSize=64m";
    /** The collector, as Osteon is started: the default one's heap grows by hundreds of MiB that nothing lives in. */
    public static final String COLLECTOR = "-XX:+UseParallelGC";
    /** The module of the Vector API. */
    public static final String VECTORS = "--add-modules=jdk.incubator.vector";
    /** Calls of native code without a warning. */
    public static final String NATIVE = "--enable-native-access=ALL-UNNAMED";

    /** The implementation of this project. */
    public static final String OURS = "osteon";

    /** System property: how many an implementation may use; one for each processor if it is not set. */
    public static final String THREADS = "osteon.threads";

    /** {@value #OURS}, or a peer's {@link Peer#module}. */
    @Param(OURS)
    public String implementation;

    /** What the last set-up in this process found: JMH makes the benchmark itself and hands out nothing but times. */
    private static volatile Prepared prepared = new Prepared("", List.of(), Optional.empty());

    private Work work;
    private double flops;
    private double bytes;

    /**
     * JMH's auxiliary counters: what {@code Op.cost} says that the operations must do at least, so that a second's
     * worth of them is GFLOP/s and GB/s. They stay 0 for peers, which have no operations of ours.
     */
    @AuxCounters(AuxCounters.Type.OPERATIONS)
    @State(Scope.Thread)
    public static class Rates {

        /** 1e9 floating-point operations. */
        public double gigaflop;

        /** 1e9 bytes. */
        public double gigabyte;
    }

    /**
     * A work that is ready.
     *
     * @param description the implementation in words
     * @param operations  of ours in one run, those alike in one row; empty for peers
     * @param outcome     what came out at first
     */
    public record Prepared(String description, List<Profile.Row> operations, Optional<Work.Outcome> outcome) {}

    /** Ours, with inputs ready, on {@code Device.CPU}. */
    protected abstract Work ours() throws IOException;

    /** Peers that do the same at these parameters. */
    public Set<Peer> peers() {
        return Set.of();
    }

    /** Why it cannot run here, if so, and what to do. */
    public Optional<String> missing() {
        return Optional.empty();
    }

    /**
     * The numbers of a parameter like {@code 16x224}.
     *
     * @throws IllegalArgumentException when there are not so many
     */
    protected static int[] numbers(String text, int count) {
        if (!text.matches("[1-9]\\d{0,8}(x[1-9]\\d{0,8}){" + (count - 1) + "}")) {
            throw new IllegalArgumentException("given " + text + "; expected " + count + " numbers with an x between "
                    + "them, as 16x224");
        }
        return Arrays.stream(text.split("x")).mapToInt(Integer::parseInt).toArray();
    }

    /** Makes the work ready, and counts what ours does. */
    @Setup
    public void setUp() throws IOException {
        int threads = Integer.getInteger(THREADS, Runtime.getRuntime().availableProcessors());
        if (implementation.equals(OURS)) {
            Backends.setCpuThreads(threads);
            work = ours();
            Optional<Work.Outcome> outcome = work.outcome();        // the very first run: a step changes its weights
            List<Profile.Row> operations;
            try (CostCounter counter = CostCounter.start()) {
                work.run();
                operations = counter.operations();
            }
            flops = operations.stream().mapToDouble(Profile.Row::flops).sum();
            bytes = operations.stream().mapToDouble(Profile.Row::bytes).sum();
            prepared = new Prepared("osteon", operations, outcome);
        } else {
            Implementation peer = Implementation.named(implementation);
            work = peer.work(this, threads);
            prepared = new Prepared(peer.description(), List.of(), work.outcome());
        }
    }

    @Benchmark
    public void run(Rates rates) {
        work.run();
        rates.gigaflop += flops / 1e9;
        rates.gigabyte += bytes / 1e9;
    }

    /** Runs it as a step, for those who observe operations. */
    public void step() {
        try (Span span = Span.open(Span.Kind.STEP, work.hasSteps() ? "" : "run")) {
            work.run();
        }
    }

    @TearDown
    public void tearDown() {
        work.close();
    }

    /** What the last {@link #setUp} of this process found. */
    public static Prepared prepared() {
        return prepared;
    }
}
