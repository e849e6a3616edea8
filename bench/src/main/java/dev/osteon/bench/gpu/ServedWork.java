package dev.osteon.bench.gpu;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** One implementation of what is timed. */
public interface ServedWork extends AutoCloseable {

    String name();

    /** Does it {@link #repeats} times and returns a number by which implementations can be compared: a loss, a mean. */
    double run();

    /** How often one {@link #run} does it; its time is divided by this. */
    default int repeats() {
        return 1;
    }

    /** The most memory that was in use, in KiB: of the process, unless the work counts its device's. */
    default long peakKib() {
        try {
            return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmHWM"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElse(0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    void close();
}
