package dev.osteon.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What a measurement was made on. */
public final class Machine {

    private Machine() {}

    /** Processor, how many of them, Java's version. */
    public static String describe() throws IOException {
        return processors() + ", Java " + Runtime.version().feature();
    }

    /** Processor and how many of them, as the name of a file: {@code amd-epyc-family-26-model-2-2-processors}. */
    public static String slug() throws IOException {
        return processors().toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9]+", "-").replaceAll("^-|-$", "");
    }

    private static String processors() throws IOException {
        Path cpus = Path.of("/proc/cpuinfo");
        List<String> lines = Files.exists(cpus) ? Files.readAllLines(cpus) : List.of();
        return model(lines).orElse(System.getProperty("os.arch")) + ", " + Runtime.getRuntime().availableProcessors()
                + " processors";
    }

    /**
     * The first processor of Linux's {@code /proc/cpuinfo}: its name, and family and model where they are given, for
     * virtual machines call quite different ones the same.
     */
    static Optional<String> model(List<String> cpuinfo) {
        return field(cpuinfo, "model name").map(name -> field(cpuinfo, "cpu family")
                .flatMap(family -> field(cpuinfo, "model")
                        .map(model -> name + ", family " + family + " model " + model))
                .orElse(name));
    }

    private static Optional<String> field(List<String> cpuinfo, String name) {
        return cpuinfo.stream().map(line -> line.split(":", 2))
                .filter(parts -> parts.length == 2 && parts[0].strip().equals(name)).map(parts -> parts[1].strip())
                .findFirst();
    }
}
