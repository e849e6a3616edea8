package dev.osteon.bench.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.bench.Peer;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Starts a process for each measurement.
 *
 * @param bench   folder of the benchmarks in the checkout, where peers are built
 * @param threads of every implementation
 * @param log     where processes write what they print
 */
record Fork(Path bench, int threads, Length length, Path log) {

    private static final Duration MOST = Duration.ofMinutes(10);
    /** The lines of the virtual machine's report that name the signal and the code that it came from. */
    private static final Pattern CRASH = Pattern.compile("(?s).*#  (SIG\\w+) .*?# Problematic frame:\\s+# (\\V+).*");

    /** How long is measured. */
    enum Length {
        /** As the benchmark's annotations say. */
        FULL,
        /** Once or for a moment, to see that it runs. */
        QUICK
    }

    /** Ours, or a peer's side of a case. */
    Measurement measure(BenchmarkCase what, Optional<Peer> peer) throws IOException {
        Optional<String> classPath = peer.isEmpty() ? Optional.of(System.getProperty("java.class.path"))
                : peer.get().classPath(bench);
        if (classPath.isEmpty()) {
            return Measurement.failed("not built: " + bench.resolve("peers").resolve(peer.get().module())
                    .resolve("target/build.log") + " says why");
        }
        Path answer = Files.createTempFile("osteon", ".measurement");
        try {
            ProcessBuilder builder = new ProcessBuilder(command(what, peer, classPath.get(), answer))
                    .redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
            builder.environment().put("OMP_NUM_THREADS", String.valueOf(threads));
            peer.ifPresent(other -> builder.environment().putAll(other.environment()));
            long before = Files.exists(log) ? Files.size(log) : 0;
            Measurement measurement = await(builder.start(), answer);
            return measurement.isFailed() ? measurement.orCrash(crash(before)) : measurement;
        } finally {
            Files.delete(answer);
        }
    }

    private List<String> command(BenchmarkCase what, Optional<Peer> peer, String classPath, Path answer) {
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + File.separator + "bin"
                + File.separator + "java", ComparedBenchmark.HEAP, ComparedBenchmark.YOUNG,
                ComparedBenchmark.COLLECTOR, ComparedBenchmark.VECTORS, ComparedBenchmark.NATIVE,
                "--sun-misc-unsafe-memory-access=allow", "-Djava.awt.headless=true",
                "-D" + ComparedBenchmark.THREADS + "=" + threads,
                "-XX:ErrorFile=" + log.resolveSibling("hs_err_pid%p.log")));
        System.getProperties().stringPropertyNames().stream().filter(name -> name.startsWith("osteon.bench."))
                .forEach(name -> command.add("-D" + name + "=" + System.getProperty(name)));
        command.addAll(List.of("-cp", classPath, ForkMain.class.getName(), answer.toString(), what.type().getName(),
                peer.map(Peer::module).orElse(ComparedBenchmark.OURS), length.name()));
        what.parameters().forEach((name, value) -> command.add(name + "=" + value));
        return command;
    }

    private static Measurement await(Process process, Path answer) throws IOException {
        try {
            if (!process.waitFor(MOST.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
                return Measurement.failed("stopped after " + MOST.toMinutes() + " minutes");
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new IOException("interrupted", e);
        }
        if (Files.size(answer) > 0) {
            return new ObjectMapper().readValue(answer.toFile(), Measurement.class);
        }
        return Measurement.failed("its process ended with exit status " + process.exitValue());
    }

    /** What the log says of a crash since it was so long. */
    private Optional<String> crash(long before) throws IOException {
        byte[] all = Files.readAllBytes(log);
        Matcher report = CRASH.matcher(new String(all, (int) before, all.length - (int) before,
                StandardCharsets.UTF_8));
        return report.matches() ? Optional.of("its process crashed: " + report.group(1) + " in " + report.group(2)
                .strip()) : Optional.empty();
    }
}
