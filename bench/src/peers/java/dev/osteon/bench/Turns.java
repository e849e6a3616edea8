package dev.osteon.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Two implementations of one work in turn, A B A B …, each in a process of its own. Between turns there is a pause: the
 * threads of thread pools go on spinning for a while after their work, and would take it from the other's.
 *
 * @param warmUp turns that are not counted
 * @param runs   in one turn, of which the median counts
 */
record Turns(int warmUp, int rounds, int runs) {

    private static final long PAUSE_MS = 200;

    /**
     * Times them.
     *
     * @param peer what ours is compared with
     * @param work threads, the work's name and what it needs, as {@link WorkMain} takes them
     */
    Map<String, Object> compare(String peer, String... work) throws IOException {
        try (Worker ours = new Worker("osteon", work); Worker other = new Worker(peer, work)) {
            for (int i = 0; i < warmUp; i++) {
                ours.turn(runs);
                other.turn(runs);
            }
            ours.forget();
            other.forget();
            for (int i = 0; i < rounds; i++) {
                ours.turn(runs);
                other.turn(runs);
            }
            double[] ratios = new double[rounds];
            Arrays.setAll(ratios, i -> other.milliseconds.get(i) / ours.milliseconds.get(i));
            Arrays.sort(ratios);
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("rounds", rounds);
            result.put(ours.name, ours.summary());
            result.put(other.name, other.summary());
            result.put(peer + " / osteon, pair by pair",
                    Map.of("min", ratios[0], "median", ratios[rounds / 2], "max", ratios[rounds - 1]));
            return result;
        }
    }

    /** A child process and what it answered. */
    private static final class Worker implements AutoCloseable {
        private final Process process;
        private final BufferedReader answers;
        private final BufferedWriter orders;
        private final String name;
        private final List<Double> milliseconds = new ArrayList<>();
        private final List<Double> numbers = new ArrayList<>();
        private long peakKib;

        Worker(String implementation, String[] work) throws IOException {
            List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java")
                    .toString(), "-Xmx2g", "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                    "-cp", System.getProperty("java.class.path"), WorkMain.class.getName(), implementation));
            command.addAll(List.of(work));
            process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            orders = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
            name = answer().substring("ready ".length());
        }

        private String answer() throws IOException {
            String line = answers.readLine();
            if (line == null || line.startsWith("#")) {       // how the virtual machine begins its report of a crash
                throw new IOException("the worker process ended; its error output is above"
                        + (line == null ? "" : ", and it crashed: see the newest hs_err_pid*.log"));
            }
            return line;
        }

        void turn(int runs) throws IOException {
            try {
                Thread.sleep(PAUSE_MS);
            } catch (InterruptedException e) {
                throw new IOException("interrupted", e);
            }
            double[] times = new double[runs];
            for (int i = 0; i < runs; i++) {
                orders.write("once\n");
                orders.flush();
                String[] fields = answer().split(" ");
                times[i] = Double.parseDouble(fields[0]);
                numbers.add(Double.parseDouble(fields[1]));
                peakKib = Long.parseLong(fields[2]);
            }
            Arrays.sort(times);
            milliseconds.add(times[runs / 2]);
        }

        void forget() {
            milliseconds.clear();
        }

        Map<String, Object> summary() {
            double[] sorted = milliseconds.stream().mapToDouble(Double::doubleValue).sorted().toArray();
            Map<String, Object> summary = new LinkedHashMap<>();
            summary.put("median ms", sorted[sorted.length / 2]);
            summary.put("min ms", sorted[0]);
            summary.put("max ms", sorted[sorted.length - 1]);
            summary.put("peak resident MiB", peakKib / 1024);
            summary.put("numbers", numbers.stream().map(n -> String.format(Locale.ROOT, "%.4f", n)).distinct()
                    .limit(10).toList());
            return summary;
        }

        @Override
        public void close() throws IOException {
            orders.close();
            process.destroy();
        }
    }
}
