package dev.osteon.app.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.app.Main;
import dev.osteon.app.Osteon;
import dev.osteon.engine.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class CommandLineTest {

    @TempDir
    Path folder;

    private final Osteon osteon = new Osteon();

    private static final List<String> TINY = List.of("data.subjects=24", "pretrain.epochs=1", "probe.epochs=5",
            "evaluation.resamples=20", "views.globalSize=16", "views.localSize=8", "encoder.width=4", "probe.size=16");

    @Test
    void theWholeRunLeavesItsFilesAndNoTensors() throws IOException {
        long live = Tensor.live();
        Path run = folder.resolve("run");
        String[] arguments = java.util.stream.Stream.concat(
                java.util.stream.Stream.of("run", "--preset", "smoke", "--out", run.toString()), TINY.stream())
                .toArray(String[]::new);
        assertThat(osteon.run(arguments)).as(osteon.err()).isZero();
        assertThat(Tensor.live()).isEqualTo(live);
        JsonNode metrics = new ObjectMapper().readTree(run.resolve("metrics.json").toFile());
        for (String name : List.of("auc", "f1", "accuracy")) {
            JsonNode figure = metrics.path("test").path(name);
            assertThat(figure.path("value").asDouble(-1)).isBetween(0.0, 1.0);
            assertThat(figure.path("low").asDouble(2)).isLessThanOrEqualTo(figure.path("high").asDouble(-1));
        }
        assertThat(Files.readAllLines(run.resolve("curves.csv"))).hasSize(1 + 1 + 7);   // header, one epoch, penalties
        assertThat(run.resolve("checkpoint").resolve("model.safetensors")).isNotEmptyFile();
        assertThat(Files.readString(run.resolve("status.json"))).contains("finished");
        String report = Files.readString(run.resolve("report.html"));
        assertThat(report).contains("ROC curve").contains("data:image/png;base64,");
        assertThat(report.replace("http://www.w3.org", "")).doesNotContain("http:").doesNotContain("https:")
                .doesNotContain("<script");
        assertThat(osteon.out()).contains("report.html").contains("auc");

        assertThat(osteon.run(arguments)).isEqualTo(2);   // the same folder again
        assertThat(osteon.err()).contains("not empty");
    }

    @ParameterizedTest
    @ValueSource(strings = {"supcon", "swav", "vicreg", "supervised"})
    void theOtherMethodsRunToTheEndToo(String method) throws IOException {
        long live = Tensor.live();
        Path run = folder.resolve(method);
        String[] arguments = java.util.stream.Stream.concat(java.util.stream.Stream.of("run", "--preset", "smoke",
                "--out", run.toString(), "--method", method, "swav.queueRows=64"), TINY.stream())
                .toArray(String[]::new);
        assertThat(osteon.run(arguments)).as(osteon.err()).isZero();
        assertThat(Tensor.live()).isEqualTo(live);
        assertThat(Files.readString(run.resolve("report.html"))).contains("Pretext loss (" + method + ")");
        String stored = Files.readString(run.resolve("checkpoint/model.safetensors"),
                java.nio.charset.StandardCharsets.ISO_8859_1);
        assertThat(stored.contains("prototypes.weight") && stored.contains("queue.view1"))
                .isEqualTo(method.equals("swav"));
    }

    @Test
    void aMistypedCommandOrOptionIsNamedWithTheNearest() {
        assertThat(osteon.run("segmnt")).isEqualTo(2);
        assertThat(osteon.run("segment", "--promts", "auto", "--images", "x", "--out", "y")).isEqualTo(2);
        assertThat(osteon.run("radiograph", "inspect")).isEqualTo(2);
        assertThat(osteon.err().lines()).hasSize(3)
                .contains("osteon: command: given segmnt, which is not known (is it segment?); see osteon --help",
                        "osteon: option: given --promts, which is not known (is it --prompts?); see osteon segment "
                                + "--help")
                .anyMatch(line -> line.endsWith("see osteon radiograph inspect --help"));
    }

    @Test
    void footersOfAllHelpTextsFitTheWidthOfTheOtherLines() {
        List<CommandLine> all = new ArrayList<>(List.of(Main.commandLine()));
        for (int i = 0; i < all.size(); i++) {
            CommandLine line = all.get(i);
            all.addAll(line.getSubcommands().values());
            assertThat(line.getCommandSpec().usageMessage().footer()).as(line.getCommandSpec().qualifiedName())
                    .allMatch(text -> text.length() <= line.getUsageHelpWidth());
        }
        assertThat(all).hasSizeGreaterThan(18);
    }

    @Test
    void anUnknownMethodIsNamedWithTheKnownOnes() {
        assertThat(osteon.run("run", "--method", "byol", "--out", folder.resolve("byol").toString())).isEqualTo(2);
        assertThat(osteon.err())
                .contains("method: given byol; expected simclr or supcon or swav or vicreg or supervised");
    }

    @Test
    void theStepsOfARunOneByOneAndPrediction() throws IOException {
        Path run = folder.resolve("steps");
        String[] pretrain = java.util.stream.Stream.concat(java.util.stream.Stream.of("pretrain", "--preset", "smoke",
                "--out", run.toString()), TINY.stream()).toArray(String[]::new);
        assertThat(osteon.run(pretrain)).as(osteon.err()).isZero();
        assertThat(run.resolve("checkpoint/model.safetensors")).exists();
        assertThat(run.resolve("probe.json")).doesNotExist();
        assertThat(osteon.run("probe", run.toString(), "probe.epochs=9")).as(osteon.err()).isZero();
        assertThat(Files.readString(run.resolve("config.yaml"))).contains("epochs: 9");
        assertThat(osteon.run("probe", run.toString(), "pretrain.epochs=9")).isEqualTo(2);
        assertThat(osteon.run("evaluate", run.toString())).as(osteon.err()).isZero();
        assertThat(run.resolve("report.html")).exists();

        List<String> scores = Files.readAllLines(run.resolve("test_scores.csv"));
        String[] row = scores.get(1).split(",");
        osteon.forget();
        assertThat(osteon.run("predict", "--model", run.toString(),
                run.resolve("phantom/segments").resolve(row[0]).toString())).as(osteon.err()).isZero();
        assertThat(osteon.out()).contains(String.format(java.util.Locale.ROOT, "%.3f", Double.parseDouble(row[3])))
                .contains("Not a medical device");
        assertThat(osteon.run("predict", "--model", folder.resolve("none").toString(), "x.png")).isEqualTo(2);
    }

    @Test
    void theSameSeedGivesTheSameNumbers() throws IOException {
        String[] first = java.util.stream.Stream.concat(java.util.stream.Stream.of("run", "--preset", "smoke", "--out",
                folder.resolve("a").toString()), TINY.stream()).toArray(String[]::new);
        String[] second = first.clone();
        second[4] = folder.resolve("b").toString();
        assertThat(osteon.run(first)).isZero();
        assertThat(osteon.run(second)).isZero();
        assertThat(Files.readString(folder.resolve("b/curves.csv")))
                .isEqualTo(Files.readString(folder.resolve("a/curves.csv")));
        assertThat(folder.resolve("b/checkpoint/model.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("a/checkpoint/model.safetensors"));
    }

    @Test
    void mistakesAreOneLineAndExitTwo() {
        assertThat(osteon.run("run", "--data", folder.resolve("none").toString(), "--out",
                folder.resolve("r").toString())).isEqualTo(2);
        assertThat(osteon.err().strip().lines()).hasSize(1);
        assertThat(osteon.run("run", "--device", "gpu", "--out", folder.resolve("r2").toString())).isEqualTo(2);
        assertThat(osteon.run("run", "--device", "cuda", "--out", folder.resolve("r3").toString())).isEqualTo(2);
        assertThat(osteon.run("run", "--preset", "fast")).isEqualTo(2);
        assertThat(osteon.run("run", "pretrain.epoch=3")).isEqualTo(2);
        assertThat(osteon.run("phantom", "--subjects", "0", "--out", folder.resolve("p").toString())).isEqualTo(2);
        assertThat(osteon.run("nonsense")).isEqualTo(2);
        assertThat(osteon.err()).doesNotContain("\tat ");
    }

    @Test
    void doctorShowsTheBackends() {
        assertThat(osteon.run("doctor")).isZero();
        assertThat(osteon.out()).contains("device cpu").contains("oneDNN").contains("device reference")
                .contains("not here");
    }
}
