package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.Osteon;
import dev.osteon.nn.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code kill -9} at a random moment, then {@code --resume}: the same bits as without. */
class ResumeTest {

    private static final int SECONDS = 120;
    private static final int LATEST = 900;   // ms after the first checkpoint

    @TempDir
    Path folder;

    private final Osteon osteon = new Osteon();

    private static List<String> run(Path to, String method) {
        return List.of("run", "--preset", "smoke", "--method", method, "--out", to.toString(), "data.subjects=24",
                "pretrain.epochs=30", "data.longestSide=32", "views.globalSize=16", "views.localSize=8",
                "encoder.width=4", "probe.size=16", "probe.epochs=5", "evaluation.resamples=20", "swav.queueRows=32");
    }

    @ParameterizedTest
    @ValueSource(strings = {"simclr", "supcon", "swav", "vicreg", "supervised"})
    void aKilledRunEndsWithTheSameBits(String method) throws Exception {
        Path whole = folder.resolve("whole");
        assertThat(osteon.run(run(whole, method))).as(osteon.err()).isZero();

        Path killed = folder.resolve("killed");
        Random random = new Random();
        kill(run(killed, method), killed, random.nextInt(LATEST));
        int epochs = Checkpoint.open(killed.resolve("checkpoint")).run().epoch();
        assertThat(osteon.run(List.of("run", "--resume", killed.toString())))
                .as("after epoch %d: %s", epochs, osteon.err()).isZero();

        for (String file : List.of("checkpoint/model.safetensors", "checkpoint/optimizer.safetensors", "curves.csv",
                "probe.json", "test_scores.csv")) {
            assertThat(killed.resolve(file)).as("killed after epoch %d, %s", epochs, file)
                    .hasSameBinaryContentAs(whole.resolve(file));
        }
        assertThat(Files.readString(killed.resolve("status.json"))).contains("finished");
    }

    @Test
    void resumeTakesNoOtherSettingsAndNeedsARun() throws IOException {
        assertThat(osteon.run(List.of("run", "--resume", folder.resolve("none").toString()))).isEqualTo(2);
        assertThat(osteon.err()).contains("config.yaml");
        assertThat(osteon.run(List.of("run", "--resume", folder.toString(), "--seed", "2"))).isEqualTo(2);
        assertThat(osteon.err()).contains("--resume");
    }

    private void kill(List<String> arguments, Path run, int milliseconds) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g",
                "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                "-Dosteon.segments.cache=" + folder.resolve("segments"), "-cp",
                System.getProperty("java.class.path"), "dev.osteon.app.Main"));
        command.addAll(arguments);
        Path log = folder.resolve("output");
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
            while (!Checkpoint.exists(run.resolve("checkpoint"))) {
                assertThat(process.isAlive()).as(Files.readString(log)).isTrue();
                assertThat(System.nanoTime()).isLessThan(end);
                Thread.sleep(5);
            }
            Thread.sleep(milliseconds);
        } finally {
            process.destroyForcibly().waitFor();
        }
        try (Stream<Path> files = Files.list(run)) {
            assertThat(files).isNotEmpty();
        }
    }
}
