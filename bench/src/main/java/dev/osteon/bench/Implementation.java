package dev.osteon.bench;

import java.io.IOException;
import java.util.ServiceLoader;

/** A peer's side of the benchmarks: its module names it as a service. */
public interface Implementation {

    /** {@link Peer#module}. */
    String name();

    /** What it is, with its version and settings. */
    String description();

    /**
     * Its way of doing a benchmark, with inputs ready.
     *
     * @param threads the most it may use
     * @throws IllegalArgumentException when it does not have this benchmark
     */
    Work work(ComparedBenchmark benchmark, int threads) throws IOException;

    /** That it does not have a benchmark, whose {@link ComparedBenchmark#peers} say otherwise. */
    default IllegalArgumentException lacks(ComparedBenchmark benchmark) {
        return new IllegalArgumentException("given " + benchmark.getClass().getSimpleName() + "; " + name()
                + " does not have it");
    }

    /** The implementation on this class path. */
    static Implementation named(String name) {
        return ServiceLoader.load(Implementation.class).stream().map(ServiceLoader.Provider::get)
                .filter(peer -> peer.name().equals(name)).findFirst().orElseThrow(() -> new IllegalArgumentException(
                        "given implementation " + name + "; expected osteon, or the class path of bench/peers/"
                                + name));
    }
}
