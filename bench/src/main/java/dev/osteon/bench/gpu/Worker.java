package dev.osteon.bench.gpu;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A process that does a {@link ServedWork} when told to, in {@link WorkServer}'s lines, and what it answered. */
public final class Worker implements AutoCloseable {

    /** What a process answers that goes on, but cannot do what it was told to. */
    static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;

        private Refused(String message) {
            super(message);
        }
    }

    private final String label;
    private final Process process;
    private final BufferedReader answers;
    private final BufferedWriter orders;
    private final List<Double> milliseconds = new ArrayList<>();
    private final List<Double> numbers = new ArrayList<>();
    private String name = "";
    private long peakKib;
    private volatile boolean late;

    /** @param label short name of the implementation */
    public Worker(String label, List<String> command) throws IOException {
        this(label, new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT));
    }

    /** With the errors of the process in a file. */
    public Worker(String label, List<String> command, Path errors) throws IOException {
        this(label, new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile())));
    }

    private Worker(String label, ProcessBuilder builder) throws IOException {
        this.label = label;
        process = builder.start();
        answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        orders = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    }

    /** A Java virtual machine with this one's class path. */
    public static List<String> java(String mainClass, List<String> options, List<String> arguments) {
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + File.separator + "bin"
                + File.separator + "java", "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow"));
        command.addAll(options);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass));
        command.addAll(arguments);
        return command;
    }

    /** Ends the process when it is still there after some time; what waits for its answer is told so. */
    public void endAfter(Duration time) {
        CompletableFuture.delayedExecutor(Math.max(1, time.toMillis()), TimeUnit.MILLISECONDS).execute(() -> {
            if (process.isAlive()) {
                late = true;
                process.destroyForcibly();
            }
        });
    }

    public String label() {
        return label;
    }

    /** What it is and does, as it says itself. */
    public String name() {
        return name;
    }

    /**
     * Has it make a work ready.
     *
     * @throws IOException with its message when it cannot
     */
    public void open(String... work) throws IOException {
        order("open " + String.join(" ", work));
        name = answer().substring("ready ".length());
        milliseconds.clear();
        numbers.clear();
    }

    private void order(String line) throws IOException {
        try {
            orders.write(line + "\n");
            orders.flush();
        } catch (IOException e) {
            throw ended("", e);
        }
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null || line.startsWith("#")) {       // how the virtual machine begins its report of a crash
            throw ended(line == null ? "" : ", and it crashed: see the newest hs_err_pid*.log", null);
        }
        if (line.startsWith("failed ")) {
            throw new Refused(label + ": " + line.substring("failed ".length()));
        }
        return line;
    }

    private IOException ended(String how, IOException cause) {
        return new IOException(late ? label + ": stopped, for its time was used up"
                : label + ": the worker process ended; its error output says why" + how, cause);
    }

    /** Has it work {@code runs} times; the median counts. */
    public void turn(int runs) throws IOException {
        double[] times = new double[runs];
        for (int i = 0; i < runs; i++) {
            order("once");
            String[] fields = answer().split(" ");
            times[i] = Double.parseDouble(fields[0]);
            numbers.add(Double.parseDouble(fields[1]));
            peakKib = Long.parseLong(fields[2]);
        }
        Arrays.sort(times);
        milliseconds.add(times[runs / 2]);
    }

    /** What was measured until now was the warm-up. */
    public void forget() {
        milliseconds.clear();
    }

    /** Milliseconds of each turn. */
    public List<Double> milliseconds() {
        return List.copyOf(milliseconds);
    }

    /** Median, extremes and memory of the turns, and the first numbers that came out. */
    public Map<String, Object> summary() {
        double[] sorted = milliseconds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("median ms", sorted[sorted.length / 2]);
        summary.put("min ms", sorted[0]);
        summary.put("max ms", sorted[sorted.length - 1]);
        summary.put("peak MiB", peakKib / 1024);
        summary.put("numbers", numbers.stream().map(n -> String.format(Locale.ROOT, "%.4f", n)).distinct()
                .limit(10).toList());
        return summary;
    }

    /** Ends the process, and waits for that: its device memory is then free. */
    @Override
    public void close() {
        try {
            orders.close();
        } catch (IOException e) {
            process.destroyForcibly();        // it is gone already, or does not listen
        }
        try {
            if (!process.waitFor(5, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor(5, TimeUnit.SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }
}
