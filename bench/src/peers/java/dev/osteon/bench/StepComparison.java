package dev.osteon.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** ResNet-50 training steps of ours and of libtorch in turn, A B A B …, each in its own process. */
public final class StepComparison {

    private static final int WARM_UP = 3;

    private StepComparison() {}

    /** @param arguments batch, image size, threads, rounds, and the file to write the result to */
    public static void main(String[] arguments) throws IOException {
        String[] shape = Arrays.copyOf(arguments, 3);
        int rounds = Integer.parseInt(arguments[3]);
        try (Worker ours = new Worker("osteon", shape); Worker peer = new Worker("libtorch", shape)) {
            for (int i = 0; i < WARM_UP; i++) {
                ours.step();
                peer.step();
            }
            ours.forget();
            peer.forget();
            for (int i = 0; i < rounds; i++) {
                ours.step();
                peer.step();
            }
            double[] ratios = new double[rounds];
            Arrays.setAll(ratios, i -> peer.milliseconds.get(i) / ours.milliseconds.get(i));
            Arrays.sort(ratios);
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("work", "ResNet-50 training step, float32, batch " + shape[0] + " at " + shape[1] + "², "
                    + shape[2] + " threads");
            result.put("machine", Machine.describe());
            result.put("rounds", rounds);
            result.put(ours.name, ours.summary());
            result.put(peer.name, peer.summary());
            result.put("libtorch / osteon, pair by pair",
                    Map.of("min", ratios[0], "median", ratios[rounds / 2], "max", ratios[rounds - 1]));
            String json = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(result);
            System.out.println(json);
            Path file = Path.of(arguments[4]);
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.writeString(file, json + "\n");
        }
    }

    /** A child process and what it answered. */
    private static final class Worker implements AutoCloseable {
        private final Process process;
        private final BufferedReader answers;
        private final BufferedWriter orders;
        private final String name;
        private final List<Double> milliseconds = new ArrayList<>();
        private final List<Double> losses = new ArrayList<>();
        private long peakKib;

        Worker(String implementation, String[] shape) throws IOException {
            process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx2g",
                    "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-cp",
                    System.getProperty("java.class.path"), StepWorker.class.getName(), implementation, shape[0],
                            shape[1],
                    shape[2]).redirectError(ProcessBuilder.Redirect.INHERIT).start();
            answers = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
            orders = new BufferedWriter(new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
            name = answer().substring("ready ".length());
        }

        private String answer() throws IOException {
            String line = answers.readLine();
            if (line == null) {
                throw new IOException("the worker process ended; its error output is above");
            }
            return line;
        }

        void step() throws IOException {
            orders.write("step\n");
            orders.flush();
            String[] fields = answer().split(" ");
            milliseconds.add(Double.parseDouble(fields[0]));
            losses.add(Double.parseDouble(fields[1]));
            peakKib = Long.parseLong(fields[2]);
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
            summary.put("losses", losses.stream().map(l -> String.format(Locale.ROOT, "%.3f", l)).toList());
            return summary;
        }

        @Override
        public void close() throws IOException {
            orders.close();
            process.destroy();
        }
    }
}
