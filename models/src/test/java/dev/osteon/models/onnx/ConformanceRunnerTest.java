package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.tensor.Device;
import dev.osteon.models.onnx.conformance.Outcome;
import dev.osteon.models.onnx.conformance.Runner;
import dev.osteon.models.onnx.conformance.TestCase;
import dev.osteon.models.onnx.conformance.TestSuite;
import dev.osteon.models.onnx.value.OnnxException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Suites that are not ONNX's own: what is wrong with a test is its own failure, and an archive's size is bounded. */
class ConformanceRunnerTest {

    @TempDir
    private Path folder;

    private static byte[] model() throws IOException {
        try (InputStream in = ConformanceRunnerTest.class.getResourceAsStream("/onnx/corpus/old-opset.onnx")) {
            return in.readAllBytes();
        }
    }

    @Test
    void anArchiveThatUnpacksToVeryMuchIsRefused() throws IOException {
        Path bomb = folder.resolve("bomb.tar.gz");
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(
                new GZIPOutputStream(Files.newOutputStream(bomb)))) {
            TarArchiveEntry entry = new TarArchiveEntry("test/test_data_set_0/input_0.pb");
            entry.setSize(300L << 20);
            tar.putArchiveEntry(entry);
            for (int i = 0; i < 300; i++) {
                tar.write(new byte[1 << 20]);
            }
            tar.closeArchiveEntry();
        }
        assertThatThrownBy(() -> TestSuite.read(bomb)).isInstanceOf(OnnxException.class)
                .hasMessageContaining("more than 256 MB; unpack it");
    }

    @Test
    void aModelWhoseNameEndsInModelIsATopology() throws IOException {
        Files.write(folder.resolve("small_model.onnx"), model());
        Files.writeString(folder.resolve("small_model_output_0.pb"), "");
        List<TestCase> cases = TestSuite.read(folder);
        assertThat(cases).extracting(TestCase::name).containsExactly("small_model");
        assertThat(cases.getFirst().dataSets().getFirst().outputs()).hasSize(1);
    }

    private static Outcome run(String name, byte[]... outputs) throws IOException {
        return new Runner(Device.CPU).run(new TestCase(name, model(),
                List.of(new TestCase.DataSet(List.of(), List.of(outputs))), Optional.empty()));
    }

    @Test
    void whatIsWrongWithATestIsItsOwnFailure() throws IOException {
        byte[] nothing = new byte[0];
        assertThat(run("more", nothing, nothing, nothing).detail()).contains("expected 3");
        assertThat(run("noise", "noise".getBytes(StandardCharsets.UTF_8)).verdict())
                .isEqualTo(Outcome.Verdict.FAILED);
    }

    @Test
    void namesFromFilesAreFitForATerminal() throws IOException {
        Outcome outcome = run("a\u001b[2J\u009b2J\u202eb\nc", new byte[0]);
        assertThat(outcome.name()).isEqualTo("a [2J 2J b c");
    }
}
