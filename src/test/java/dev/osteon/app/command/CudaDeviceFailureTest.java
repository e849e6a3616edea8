package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.osteon.app.Main;
import dev.osteon.engine.backend.cuda.CudaEmulator;
import dev.osteon.nn.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** A kernel dies in the midst of training: one line, a checkpoint to go on from, and the same bits at the end. */
class CudaDeviceFailureTest {

    private static final int EPOCHS = 4;

    @TempDir
    Path folder;

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
        assumeTrue(CudaEmulator.isEmulated(), "a GPU cannot be told to fail");
    }

    private static List<String> run(Path to, String precision) {
        return List.of("run", "--preset", "smoke", "--device", "cuda", "--precision", precision, "--out", to.toString(),
                "data.subjects=24", "pretrain.epochs=" + EPOCHS, "data.longestSide=32", "views.globalSize=16",
                "views.localSize=8", "encoder.width=4", "probe.size=16", "probe.epochs=5", "evaluation.resamples=20");
    }

    @ParameterizedTest
    @ValueSource(strings = {"bf16", "fp16"})
    void theRunGoesOnFromItsCheckpointToTheSameBits(String precision) throws Exception {
        Path whole = folder.resolve("whole");
        long before = CudaEmulator.launches();
        assertThat(Main.commandLine().execute(run(whole, precision).toArray(String[]::new))).isZero();
        long launches = CudaEmulator.launches() - before;

        Path broken = folder.resolve("broken");
        Path output = folder.resolve("output");
        assertThat(inProcessOfItsOwn(run(broken, precision), launches * 6 / 10, output)).isEqualTo(1);
        String[] lines = Files.readString(output).split("\n");
        int epochs = Checkpoint.open(broken.resolve("checkpoint")).run().epoch();
        assertThat(epochs).isBetween(1, EPOCHS - 1);
        assertThat(lines).filteredOn(line -> line.startsWith("osteon: ")).singleElement().asString()
                .contains("CUDA_ERROR_ILLEGAL_ADDRESS (700)", "the device cannot be used again by this process",
                        "the checkpoint holds epoch " + epochs + " of " + EPOCHS, "osteon run --resume " + broken);
        assertThat(lines).noneMatch(line -> line.startsWith("\tat ") || line.contains("Exception"));
        assertThat(Files.readString(broken.resolve("status.json"))).contains("failed", "CUDA_ERROR_ILLEGAL_ADDRESS");

        CommandLine line = Main.commandLine();
        assertThat(line.execute("run", "--resume", broken.toString())).isZero();
        for (String file : List.of("checkpoint/model.safetensors", "checkpoint/optimizer.safetensors", "curves.csv",
                "probe.json", "test_scores.csv")) {
            assertThat(broken.resolve(file)).as("failed after epoch %d, %s", epochs, file)
                    .hasSameBinaryContentAs(whole.resolve(file));
        }
    }

    /** The exit code of a command on an emulator whose launch of the number given fails. */
    private int inProcessOfItsOwn(List<String> arguments, long failing, Path output) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx1g",
                "--add-modules=jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED",
                "-Dosteon.segments.cache=" + folder.resolve("segments")));
        for (String property : List.of("osteon.cuda.libraries", "osteon.cuda.workspace", "osteon.cuda.cache")) {
            command.add("-D" + property + "=" + System.getProperty(property));
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.osteon.app.Main"));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(output.toFile());
        builder.environment().put("CUDAHOST_FAIL", String.valueOf(failing));
        return builder.start().waitFor();
    }
}
