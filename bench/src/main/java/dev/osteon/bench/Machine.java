package dev.osteon.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a measurement was made on. */
public final class Machine {

    private Machine() {}

    /** Processor, how many of them, Java's version. */
    public static String describe() throws IOException {
        Path cpus = Path.of("/proc/cpuinfo");
        String model = !Files.exists(cpus) ? System.getProperty("os.arch")
                : Files.readAllLines(cpus).stream().filter(l -> l.startsWith("model name"))
                        .map(l -> l.substring(l.indexOf(':') + 1).strip()).findFirst()
                        .orElse(System.getProperty("os.arch"));
        return model + ", " + Runtime.getRuntime().availableProcessors() + " processors, Java "
                + Runtime.version().feature();
    }
}
