package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.app.config.ConfigFile;
import dev.osteon.app.profile.Profile;
import dev.osteon.nn.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ctrl-C, as a terminal sends it: SIGINT to a process of its own. */
class InterruptTest {

    private static final int SIGINT_ENDED = 130;
    private static final int SECONDS = 120;

    @TempDir
    Path folder;

    @Test
    void duringTrainingItLeavesWhatWasReached() throws Exception {
        Path run = folder.resolve("run");
        Process process = start(run);
        try {
            waitUntil(process, () -> Checkpoint.exists(run.resolve("checkpoint")));
            interrupt(process);
            assertThat(process.exitValue()).as(output()).isEqualTo(SIGINT_ENDED);
        } finally {
            process.destroyForcibly();
        }
        assertThat(output()).contains("osteon: interrupted", run.toString()).doesNotContain("Exception", "SIGSEGV");
        JsonNode status = new ObjectMapper().readTree(run.resolve("status.json").toFile());
        assertThat(status.path("state").asText()).isEqualTo("interrupted");
        Checkpoint checkpoint = Checkpoint.open(run.resolve("checkpoint"));
        int epochs = checkpoint.run().epoch();
        assertThat(epochs).isPositive();
        assertThat(status.path("detail").asText()).contains("epoch " + epochs + " of 100000");
        assertThat(checkpoint.weights().tensors()).containsKey("backbone.conv1.weight");
        assertThat(Files.readAllLines(run.resolve("curves.csv"))).hasSizeGreaterThanOrEqualTo(1 + epochs)
                .element(1).asString().startsWith("pretext,1,");
        assertThat(ConfigFile.fromYaml(Files.readString(run.resolve("config.yaml"))).pretrain().epochs())
                .isEqualTo(100000);
        try (var files = Files.list(run)) {
            assertThat(files.map(f -> f.getFileName().toString()))
                    .noneMatch(name -> name.endsWith(".tmp") || name.endsWith(".new") || name.endsWith(".previous"));
        }
    }

    @Test
    void beforeTheFirstEpochItSaysThatThereIsNoCheckpoint() throws Exception {
        Path run = folder.resolve("run");
        Process process = start(run, "data.subjects=300", "data.phantomScale=0.5");   // many minutes
        try {
            waitUntil(process, () -> Files.exists(run.resolve("phantom/images")));
            interrupt(process);
            assertThat(process.exitValue()).as(output()).isEqualTo(SIGINT_ENDED);
        } finally {
            process.destroyForcibly();
        }
        assertThat(Files.readString(run.resolve("status.json"))).contains("interrupted", "no checkpoint");
    }

    @Test
    void aProfileIsWrittenAllTheSame() throws Exception {
        Path run = folder.resolve("run");
        Path profile = folder.resolve("profile");
        Process process = start(List.of("profile", "--out", profile.toString()), run);
        try {
            waitUntil(process, () -> Checkpoint.exists(run.resolve("checkpoint")));
            interrupt(process);
            assertThat(process.exitValue()).as(output()).isEqualTo(SIGINT_ENDED);
        } finally {
            process.destroyForcibly();
        }
        assertThat(Profile.read(profile).steps()).isPositive();
        ObjectMapper json = new ObjectMapper();
        assertThat(json.readTree(profile.resolve("trace.json").toFile()).get("traceEvents")).isNotEmpty();
        assertThat(profile.resolve("profile.html")).content().endsWith("</html>\n");
        assertThat(RecordingFile.readAllEvents(profile.resolve("profile.jfr")))
                .anyMatch(event -> event.getEventType().getName().equals("dev.osteon.Operation"));
    }

    private Process start(Path run, String... overrides) throws IOException {
        return start(List.of(), run, overrides);
    }

    private Process start(List<String> before, Path run, String... overrides) throws IOException {
        assumeTrue(Files.exists(Path.of("/proc/self/status")), "signals are tested on Linux");
        List<String> command = new ArrayList<>();
        if (ignoresInterrupts()) {
            command.addAll(List.of("env", "--default-signal=INT"));
        }
        command.addAll(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g",
                "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                "-Dosteon.segments.cache=" + folder.resolve("segments"), "-cp",
                System.getProperty("java.class.path"), "dev.osteon.app.Main"));
        command.addAll(before);
        command.addAll(List.of("run", "--preset", "smoke", "--out", run.toString(), "pretrain.epochs=100000",
                "data.subjects=24", "data.longestSide=32", "views.globalSize=16", "views.localSize=8",
                "encoder.width=2", "probe.size=16"));
        command.addAll(List.of(overrides));
        return new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(folder.resolve("output").toFile())
                .start();
    }

    /** A shell's background jobs and their children do; Java then leaves the signal alone. */
    private static boolean ignoresInterrupts() throws IOException {
        try (var lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("SigIgn:")).map(line -> line.substring(7).strip())
                    .anyMatch(mask -> (Long.parseUnsignedLong(mask, 16) & 1 << 2 - 1) != 0);
        }
    }

    private void waitUntil(Process process, BooleanSupplier reached) throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        while (!reached.getAsBoolean()) {
            assertThat(process.isAlive()).as(output()).isTrue();
            assertThat(System.nanoTime()).as("waited %d s: %s", SECONDS, output()).isLessThan(end);
            Thread.sleep(20);
        }
    }

    private void interrupt(Process process) throws Exception {
        Process kill = new ProcessBuilder("sh", "-c", "kill -s INT " + process.pid()).start();
        assertThat(kill.waitFor()).isZero();
        assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).as(output()).isTrue();
    }

    private String output() throws IOException {
        Path output = folder.resolve("output");
        return Files.exists(output) ? Files.readString(output) : "";
    }
}
