package dev.osteon.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** What a measurement was made on. */
public final class Machine {

    private Machine() {}

    /** Processor, how many of them, Java's version. */
    public static String describe() throws IOException {
        return processors() + ", Java " + Runtime.version().feature();
    }

    /** Processor and how many of them, as the name of a file: {@code amd-epyc-2-processors}. */
    public static String slug() throws IOException {
        return processors().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
    }

    private static String processors() throws IOException {
        Path cpus = Path.of("/proc/cpuinfo");
        String model = !Files.exists(cpus) ? System.getProperty("os.arch")
                : Files.readAllLines(cpus).stream().filter(l -> l.startsWith("model name"))
                        .map(l -> l.substring(l.indexOf(':') + 1).strip()).findFirst()
                        .orElse(System.getProperty("os.arch"));
        return model + ", " + Runtime.getRuntime().availableProcessors() + " processors";
    }
}
