package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.Osteon;
import dev.osteon.engine.backend.cuda.CudaEmulator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Training steps that are recorded as CUDA graphs leave the checkpoint that single operations leave, to the bit. */
class CudaRecordedRunTest {

    private static final String SWITCH = "osteon.cuda.graphs";
    private static final List<String> STATE = List.of("model.safetensors", "optimizer.safetensors");
    /** A schedule that does not depend on how many epochs there will be. */
    private static final String RATE = "pretrain.learningRate=0.01";
    private static final String SAME = "pretrain.finalLearningRate=0.01";
    private static final String AT_ONCE = "pretrain.warmupEpochs=0";
    private static final String RECORDED = "steps: recorded, ";

    @TempDir
    Path folder;

    private final Osteon osteon = new Osteon();

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    @ParameterizedTest
    @CsvSource({"simclr, float32, 0", "simclr, bf16, 9", "supcon, fp16, 0", "supcon, float32, 12", "vicreg, bf16, 0",
        "supervised, float32, 0"})
    void theCheckpointIsThatOfSingleOperations(String method, String precision, int microBatch) throws IOException {
        String[] with = {"method=" + method, "pretrain.microBatch=" + microBatch};
        assertThat(pretrained("recorded", precision, with)).containsOnlyOnce(RECORDED);
        assertThat(single("single", precision, with)).doesNotContain("steps: ");
        assertSameState("recorded", "single");
    }

    /** Activations computed again, in recorded steps and in single ones, and kept. */
    @ParameterizedTest
    @CsvSource({"float32, 0", "bf16, 9"})
    void theCheckpointDoesNotDependOnWhatIsKept(String precision, int microBatch) throws IOException {
        String micro = "pretrain.microBatch=" + microBatch;
        assertThat(pretrained("low", precision, micro, "memory=low")).containsOnlyOnce(RECORDED);
        assertThat(single("single", precision, micro, "memory=low")).doesNotContain("steps: ");
        pretrained("normal", precision, micro);
        assertSameState("low", "single");
        assertSameState("low", "normal");
    }

    /** Prototypes frozen, then not; no queue, then one that fills, which the host looks at, then a full one. */
    @Test
    void swavsStepsAreRecordedAnewWhenTheyChange() throws IOException {
        String[] with = {"method=swav", "pretrain.epochs=4", "swav.prototypes=12", "swav.freezeSteps=7",
            "swav.queueRows=60", "swav.queueFromEpoch=2"};
        String said = pretrained("recorded", "float32", with);
        assertThat(said).containsSubsequence(RECORDED, "steps: operation by operation: the step reads "
                + "results on the host", RECORDED);
        single("single", "float32", with);
        assertSameState("recorded", "single");
    }

    /** In between a run is given up and gone on with, which begins with single operations again. */
    @Test
    void aRunThatGoesOnEndsAtTheSameBits() throws IOException {
        pretrained("whole", "bf16", "pretrain.epochs=2", RATE, SAME, AT_ONCE);
        pretrained("halves", "bf16", RATE, SAME, AT_ONCE);
        Path config = folder.resolve("halves/config.yaml");
        Files.writeString(config, Files.readString(config).replaceFirst("epochs: 1\n", "epochs: 2\n"));
        assertThat(said("pretrain", "--resume", folder.resolve("halves").toString())).containsOnlyOnce(RECORDED);
        assertSameState("whole", "halves");
    }

    private void assertSameState(String one, String other) throws IOException {
        for (String file : STATE) {
            assertThat(Files.mismatch(folder.resolve(one).resolve("checkpoint").resolve(file),
                    folder.resolve(other).resolve("checkpoint").resolve(file))).as(file).isEqualTo(-1);
        }
    }

    private String single(String run, String precision, String... overrides) {
        System.setProperty(SWITCH, "false");
        try {
            return pretrained(run, precision, overrides);
        } finally {
            System.clearProperty(SWITCH);
        }
    }

    /** Trains, and gives what was said. */
    private String pretrained(String run, String precision, String... overrides) {
        return said(Stream.concat(Stream.of("pretrain", "--preset", "smoke", "--device", "cuda",
                "--precision", precision, "--out", folder.resolve(run).toString(), "data.subjects=24",
                "pretrain.batch=24", "views.globalSize=16", "views.localSize=8",
                "encoder.width=4", "pretrain.epochs=1"), Stream.of(overrides)).toArray(String[]::new));
    }

    private String said(String... arguments) {
        PrintStream before = System.err;
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
        try {
            assertThat(osteon.run(arguments)).as(osteon.err()).isZero();
        } finally {
            System.setErr(before);
        }
        return said.toString(StandardCharsets.UTF_8);
    }
}
