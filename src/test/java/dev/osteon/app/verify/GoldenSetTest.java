package dev.osteon.app.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.osteon.app.Main;
import dev.osteon.app.UserError;
import dev.osteon.app.verify.GoldenSet.Result;
import dev.osteon.app.verify.GoldenSet.Verdict;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** The golden set beside the repository through the code of {@code osteon verify}. */
class GoldenSetTest {

    /** Whole networks take the plain loops minutes: ResNet-18 is checked in the models module, all by the command. */
    private static final Set<String> SLOW_ON_REFERENCE = Set.of("resnet", "trajectory_supervised", "trajectory_ssl");

    @TempDir
    Path temporary;

    static GoldenSet set() {
        String given = System.getProperty("osteon.shared");
        Path at = given != null ? Path.of(given) : null;
        for (Path up = Path.of("").toAbsolutePath(); at == null && up != null; up = up.getParent()) {
            at = Files.isDirectory(up.resolve("shared/golden")) ? up.resolve("shared") : null;
        }
        if (at == null && "true".equals(System.getenv("CI"))) {
            throw new AssertionError("no shared/golden next to the repository; set -Dosteon.shared");
        }
        assumeTrue(at != null, "no shared/golden next to the repository: golden vectors are not checked");
        return GoldenSet.open(at.resolve("golden"));
    }

    static Stream<Case> cases() {
        GoldenSet set = set();
        return set.cases().stream().flatMap(entry -> Stream.of(Device.CPU, Device.REFERENCE)
                .filter(device -> device.equals(Device.CPU)
                        || !SLOW_ON_REFERENCE.contains(entry.path("family").asText()))
                .map(device -> new Case(set, entry, device)));
    }

    record Case(GoldenSet set, JsonNode entry, Device device) {
        @Override
        public String toString() {
            return entry.path("id").asText() + " on " + device;
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void passes(Case golden) {
        long live = Tensor.live();
        Result result = golden.set().run(golden.entry(), golden.device());
        assertThat(result.verdict()).as(result.detail()).isEqualTo(Verdict.PASSED);
        assertThat(Tensor.live()).isEqualTo(live);
    }

    @Test
    void oneWrongValueFailsAndSoDoesNaN() {
        GoldenSet set = set();
        JsonNode entry = set.cases().stream().filter(c -> c.path("family").asText().equals("relu")).findFirst()
                .orElseThrow();
        ObjectNode strict = entry.deepCopy();
        ((ObjectNode) strict.path("tensors").path("grad.x")).put("atol_f64", -1);
        assertThat(set.run(strict, Device.REFERENCE).verdict()).isEqualTo(Verdict.PASSED);   // exact: no error to share
        try (java.lang.foreign.Arena arena = java.lang.foreign.Arena.ofConfined()) {
            GoldenCase golden = new GoldenCase(entry, dev.osteon.engine.io.SafeTensors.map(
                    set.folder().resolve(entry.path("file").asText()), arena));
            double[] values = golden.values("out.y");
            Comparison right = new Comparison(golden, DType.F32);
            right.check("out.y", values);
            assertThat(right.passed()).isTrue();
            values[3] += 1e-3;
            Comparison wrong = new Comparison(golden, DType.F32);
            wrong.check("out.y", values);
            assertThat(wrong.passed()).isFalse();
            values[3] = Double.NaN;
            Comparison nan = new Comparison(golden, DType.F32);
            nan.check("out.y", values);
            assertThat(nan.passed()).isFalse();
            assertThat(new Comparison(golden, DType.F32).passed()).as("nothing compared").isFalse();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void whatIsNoGoldenSetIsRefused() throws IOException {
        assertThatThrownBy(() -> GoldenSet.open(temporary)).isInstanceOf(UserError.class);
        Files.writeString(temporary.resolve("manifest.json"), "{\"cases\":");
        assertThatThrownBy(() -> GoldenSet.open(temporary)).isInstanceOf(UserError.class);
        Files.writeString(temporary.resolve("manifest.json"),
                "{\"cases\":[{\"id\":\"a\",\"family\":\"relu\",\"file\":\"gone.safetensors\"},"
                        + "{\"id\":\"b\",\"family\":\"tea_leaves\",\"file\":\"b\"}]}");
        GoldenSet set = GoldenSet.open(temporary);
        assertThat(set.run(set.cases().get(0), Device.CPU).verdict()).isEqualTo(Verdict.FAILED);
        assertThat(set.run(set.cases().get(1), Device.CPU).verdict()).isEqualTo(Verdict.SKIPPED);
    }

    @Test
    void theCommandCountsInItsLastLineAndFailsOnFailure() throws IOException {
        Files.writeString(temporary.resolve("manifest.json"),
                "{\"cases\":[{\"id\":\"a\",\"family\":\"relu\",\"file\":\"gone.safetensors\"}]}");
        StringWriter out = new StringWriter();
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(out, true));
        assertThat(line.execute("verify", "--golden", temporary.toString(), "--device", "cpu", "--family", "relu"))
                .isEqualTo(1);
        assertThat(out.toString().strip().lines().toList().getLast()).isEqualTo("0 passed, 1 failed, 0 skipped");
        assertThat(line.execute("verify", "--golden", temporary.toString(), "--family", "rleu")).isEqualTo(2);
        assertThat(out.toString()).contains("relu meant");
    }
}
