package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.Osteon;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training that computes activations again leaves the checkpoint that training which keeps them leaves. */
class LowMemoryRunTest {

    @TempDir
    Path folder;

    private final Osteon osteon = new Osteon();

    /** Several steps, views of two resolutions, running statistics among what is compared. */
    @ParameterizedTest
    @CsvSource({"simclr, float32, 0, resnet50", "supcon, bf16, 9, resnet18"})
    void theCheckpointIsTheSameToTheBit(String method, String precision, int microBatch, String encoder)
            throws IOException {
        List<String> with = List.of("--method", method, "--precision", precision, "--micro-batch",
                String.valueOf(microBatch), "encoder.architecture=" + encoder);
        assertThat(pretrained("low", with)).contains("in " + precision,
                "activations computed again in the backward pass (memory: low)");
        assertThat(pretrained("normal", with)).contains("activations kept (memory: normal)");
        for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
            assertThat(Files.mismatch(checkpoint("low").resolve(file), checkpoint("normal").resolve(file))).as(file)
                    .isEqualTo(-1);
        }
        assertThat(Files.readString(folder.resolve("low/config.yaml"))).contains("memory: low");
        assertThat(Files.readString(folder.resolve("normal/config.yaml"))).contains("memory: normal");
    }

    @Test
    void anotherValueIsRefusedInALine() {
        assertThat(osteon.run("pretrain", "--preset", "smoke", "--memory", "tiny", "--out",
                folder.resolve("run").toString())).isEqualTo(2);
        assertThat(osteon.err()).contains("memory: given tiny; expected normal or low").hasLineCount(1);
    }

    private Path checkpoint(String memory) {
        return folder.resolve(memory).resolve("checkpoint");
    }

    /** Trains, and gives what was said. */
    private String pretrained(String memory, List<String> with) {
        PrintStream before = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertThat(osteon.run(Stream.concat(Stream.of("pretrain", "--preset", "smoke", "--device", "cpu",
                    "--memory", memory, "--out", folder.resolve(memory).toString(), "data.subjects=24",
                    "pretrain.batch=24", "views.globalSize=16", "views.localSize=8", "encoder.width=4",
                    "pretrain.epochs=1"), with.stream()).toArray(String[]::new))).as(osteon.err()).isZero();
        } finally {
            System.setErr(before);
        }
        return said.toString(StandardCharsets.UTF_8);
    }
}
