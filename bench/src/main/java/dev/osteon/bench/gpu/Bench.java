package dev.osteon.bench.gpu;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What all parts of a check share: how its processes are started, and until when.
 *
 * @param peer   the command of PyTorch's side, if it is here
 * @param log    where processes write their errors
 * @param end    when the part that runs now must have ended
 */
record Bench(Scale scale, int rounds, Optional<List<String>> peer, Path log, Instant end) {

    /** At which sizes. */
    enum Scale {
        FULL(Sizes.FULL), QUICK(Sizes.QUICK);

        private final Sizes sizes;

        Scale(Sizes sizes) {
            this.sizes = sizes;
        }

        Sizes sizes() {
            return sizes;
        }

        /** As {@link GpuMain} takes it. */
        String word() {
            return name().toLowerCase(java.util.Locale.ROOT);
        }
    }

    /** What a process printed and how it ended. */
    record Output(List<String> lines, int exit, boolean late) {

        List<Map<String, Object>> rows() throws IOException {
            List<Map<String, Object>> rows = new ArrayList<>();
            for (String line : lines) {
                if (line.startsWith("{") && line.endsWith("}")) {
                    rows.add(new ObjectMapper().readValue(line, new TypeReference<Map<String, Object>>() { }));
                }
            }
            return rows;
        }
    }

    Bench until(Instant time) {
        return new Bench(scale, rounds, peer, log, time);
    }

    Sizes sizes() {
        return scale.sizes();
    }

    Duration left() {
        return Duration.between(Instant.now(), end);
    }

    /** Our side, as a process that serves works; {@code options} for its virtual machine. */
    Worker ours(String... options) throws IOException {
        List<String> all = new ArrayList<>(properties());
        all.addAll(List.of(options));
        Worker worker = new Worker("osteon", Worker.java(GpuMain.class.getName(), all, List.of("serve", scale.word())),
                log);
        worker.endAfter(left());
        return worker;
    }

    /** PyTorch's side. */
    Worker pytorch(String label) throws IOException {
        Worker worker = new Worker(label, peer.orElseThrow(), log);
        worker.endAfter(left());
        return worker;
    }

    /** A process of {@link GpuMain}, to its end or that of the part. */
    Output child(String... arguments) throws IOException {
        return run(Worker.java(GpuMain.class.getName(), properties(), List.of(arguments)));
    }

    /** The command line of Osteon. */
    Output osteon(List<String> arguments) throws IOException {
        return run(Worker.java("dev.osteon.app.Main", properties(), arguments));
    }

    Output run(List<String> command) throws IOException {
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        process.getOutputStream().close();
        boolean[] late = {false};
        Thread watch = Thread.ofVirtual().start(() -> {
            try {
                if (!process.waitFor(Math.max(1, left().toMillis()), TimeUnit.MILLISECONDS)) {
                    late[0] = true;
                    process.destroyForcibly();
                }
            } catch (InterruptedException e) {
                process.destroyForcibly();
            }
        });
        List<String> lines = new ArrayList<>();
        try (BufferedReader reader = process.inputReader(StandardCharsets.UTF_8)) {
            reader.lines().forEach(lines::add);
            int exit = process.waitFor();
            watch.join();
            return new Output(lines, exit, late[0]);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new IOException("interrupted", e);
        }
    }

    /** Those of this process that are Osteon's, for its children. */
    private static List<String> properties() {
        return System.getProperties().stringPropertyNames().stream().filter(name -> name.startsWith("osteon.")).sorted()
                .map(name -> "-D" + name + "=" + System.getProperty(name)).toList();
    }
}
