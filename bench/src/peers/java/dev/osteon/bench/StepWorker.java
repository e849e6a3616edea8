package dev.osteon.bench;

import dev.osteon.engine.backend.onednn.vector.Parallel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * One implementation in a process of its own: makes a step for each line that it reads, and answers with milliseconds,
 * loss and the process's peak resident memory in KiB. Two thread pools in one process would disturb each other.
 */
public final class StepWorker {

    private StepWorker() {}

    /** @param arguments osteon or libtorch, batch, image size, threads */
    public static void main(String[] arguments) throws IOException {
        int batch = Integer.parseInt(arguments[1]);
        int size = Integer.parseInt(arguments[2]);
        int threads = Integer.parseInt(arguments[3]);
        Parallel.setThreads(threads);
        try (TrainingStep work = arguments[0].equals("osteon") ? new OsteonStep(batch, size)
                : new LibtorchStep(batch, size, threads);
                BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            System.out.println("ready " + work.name());
            while (in.readLine() != null) {
                long start = System.nanoTime();
                double loss = work.step();
                System.out.printf(Locale.ROOT, "%.3f %.6f %d%n", (System.nanoTime() - start) / 1e6, loss, peak());
            }
        }
    }

    private static long peak() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmHWM"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElse(0);
    }
}
