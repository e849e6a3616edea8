package dev.osteon.bench;

/** One implementation of what is timed. */
public interface Work extends AutoCloseable {

    String name();

    /** Does it once and returns a number by which two implementations can be compared: a loss, a mean. */
    double run();

    @Override
    void close();
}
