package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.app.Main;
import dev.osteon.app.run.Devices;
import dev.osteon.engine.backend.cuda.CudaEmulator;
import dev.osteon.engine.tensor.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The same commands with {@code --device cuda} as without. */
class CudaRunTest {

    private static final int EPOCHS = 2;

    @TempDir
    Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    private int osteon(String... arguments) {
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
        return line.execute(arguments);
    }

    /** The first epoch's losses agree; later steps of so small a network part on the last bit, on any two machines. */
    @Test
    void aRunOfTwoEpochsIsAsOnTheCpu() throws IOException {
        long live = Tensor.live();
        List<Double> onGpu = losses("cuda");
        assertThat(Tensor.live()).isEqualTo(live);
        List<Double> onCpu = losses("cpu");
        assertThat(onGpu).hasSize(EPOCHS).allMatch(Double::isFinite);
        assertThat(onGpu.getFirst()).isCloseTo(onCpu.getFirst(), Percentage.withPercentage(0.1));
    }

    /** Runs everything and gives the pretext loss of every epoch. */
    private List<Double> losses(String device) throws IOException {
        Path run = folder.resolve(device);
        assertThat(osteon("run", "--preset", "smoke", "--device", device, "--out", run.toString(), "data.subjects=24",
                "pretrain.epochs=" + EPOCHS, "probe.epochs=5", "evaluation.resamples=20", "views.globalSize=16",
                "views.localSize=8", "encoder.width=4", "probe.size=16")).as(err.toString()).isZero();
        JsonNode metrics = new ObjectMapper().readTree(run.resolve("metrics.json").toFile());
        assertThat(metrics.path("test").path("auc").path("value").asDouble(-1)).isBetween(0.0, 1.0);
        assertThat(Files.readString(run.resolve("status.json"))).contains("finished");
        assertThat(run.resolve("report.html")).exists();
        return Files.readAllLines(run.resolve("curves.csv")).stream().filter(row -> row.startsWith("pretext,"))
                .map(row -> Double.parseDouble(row.split(",")[2])).toList();
    }

    @Test
    void doctorNamesTheDeviceAndItsLibraries() {
        assertThat(osteon("doctor")).isZero();
        assertThat(out.toString()).containsPattern("device cuda +works: .*compute capability.*cuBLAS.*NVRTC.*cuDNN 9");
        if (CudaEmulator.isEmulated()) {
            assertThat(out.toString()).containsPattern("device cuda +works: host emulator");
        }
    }

    @Test
    void autoDoesNotTakeTheEmulator() {
        assertThat(Devices.choose("auto", 0).equals(CudaEmulator.DEVICE))
                .isEqualTo(!CudaEmulator.isEmulated());
    }
}
