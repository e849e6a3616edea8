package dev.osteon.bench;

import dev.osteon.engine.backend.onednn.vector.Parallel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;

/**
 * One implementation in a process of its own: does its work once for each line that it reads, and answers with
 * milliseconds, the work's number and the process's peak resident memory in KiB. Two thread pools in one process would
 * disturb each other.
 */
public final class WorkMain {

    private WorkMain() {}

    /** @param arguments osteon or its peer, threads, the work, and what that needs */
    public static void main(String[] arguments) throws IOException {
        int threads = Integer.parseInt(arguments[1]);
        Parallel.setThreads(threads);
        String[] rest = Arrays.copyOfRange(arguments, 3, arguments.length);
        try (Work work = work(arguments[2], arguments[0].equals("osteon"), threads, rest);
                BufferedReader in = new BufferedReader(new InputStreamReader(System.in))) {
            System.out.println("ready " + work.name());
            while (in.readLine() != null) {
                long start = System.nanoTime();
                double number = work.run();
                System.out.printf(Locale.ROOT, "%.3f %.6f %d%n", (System.nanoTime() - start) / 1e6, number, peak());
            }
        }
    }

    private static Work work(String name, boolean ours, int threads, String[] rest) throws IOException {
        if (name.equals("step")) {
            int batch = Integer.parseInt(rest[0]);
            int size = Integer.parseInt(rest[1]);
            return ours ? new OsteonStep(batch, size) : new LibtorchStep(batch, size, threads);
        }
        SamWork part = SamWork.valueOf(name);
        return ours ? new OsteonSam(part, Path.of(rest[0])) : new OnnxRuntimeSam(part, Path.of(rest[0]), threads);
    }

    private static long peak() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream().filter(line -> line.startsWith("VmHWM"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", ""))).findFirst().orElse(0);
    }
}
