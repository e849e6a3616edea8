package dev.osteon.app.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.app.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigFileTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"smoke", "quick", "paper"})
    void presetsLoadAndReadBackAsTheyWereWritten(String preset) throws IOException {
        RunConfig config = ConfigFile.load(preset, List.of());
        assertThat(config.preset()).isEqualTo(preset);
        assertThat(read(ConfigFile.toYaml(config))).isEqualTo(config);
    }

    @Test
    void settingsThatARunIsOlderThanAreItsPresets() throws IOException {
        RunConfig config = ConfigFile.load("smoke", List.of("seed=5", "pretrain.epochs=7"));
        String older = ConfigFile.toYaml(config).lines()
                .filter(line -> !line.startsWith("memory:") && !line.startsWith("  classWeights:"))
                .collect(Collectors.joining("\n"));
        assertThat(older).doesNotContain("memory", "classWeights");
        assertThat(read(older)).isEqualTo(config);
    }

    @Test
    void namesAreWrittenAsTheCommandLineTakesThem() throws IOException {
        RunConfig config = ConfigFile.load("smoke", List.of("method=swav", "precision=bf16", "probe.solver=sgd"));
        String yaml = ConfigFile.toYaml(config);
        assertThat(yaml).contains("method: swav\n", "precision: bf16\n", "memory: normal\n",
                "task: osteoporosis_vs_rest\n", "stem: small_stride_2\n", "solver: sgd\n");
        List<String> values = yaml.lines().map(line -> line.substring(line.indexOf(':') + 1)).toList();
        assertThat(values).noneMatch(value -> value.matches(".*[A-Z]{2}.*"));
    }

    @Test
    void namesInCapitalsAsInFilesOfOlderVersionsAreRead() throws IOException {
        RunConfig config = ConfigFile.load("smoke", List.of("method=swav", "precision=bf16", "data.split=segment"));
        String older = ConfigFile.toYaml(config).replace("method: swav", "method: SWAV")
                .replace("precision: bf16", "precision: BF16").replace("split: segment", "split: SEGMENT")
                .replace("stem: small_stride_2", "stem: SMALL_STRIDE_2");
        assertThat(older).contains("SWAV", "BF16", "SEGMENT", "SMALL_STRIDE_2");
        assertThat(read(older)).isEqualTo(config);
    }

    private RunConfig read(String yaml) throws IOException {
        return ConfigFile.load(Optional.empty(), Optional.of(file(yaml)), List.of());
    }

    @Test
    void thePaperIsThePapers() {
        RunConfig config = ConfigFile.load("paper", List.of());
        assertThat(config.encoder().architecture()).isEqualTo("resnet50");
        assertThat(config.pretrain().batch()).isEqualTo(128);
        assertThat(config.views().globalCount()).isEqualTo(2);
        assertThat(config.views().globalSize()).isEqualTo(224);
        assertThat(config.views().localCount()).isEqualTo(4);
        assertThat(config.views().localSize()).isEqualTo(96);
    }

    @Test
    void laterOverridesWin() {
        RunConfig config = ConfigFile.load("smoke", List.of("pretrain.epochs=7", "pretrain.epochs=9", "seed=5",
                "views.sampling=plain", "pretrain.learningRate=0.25"));
        assertThat(config.pretrain().epochs()).isEqualTo(9);
        assertThat(config.seed()).isEqualTo(5);
        assertThat(config.views().sampling()).isEqualTo(RunConfig.Views.Sampling.PLAIN);
        assertThat(config.pretrain().learningRate()).isEqualTo(0.25);
    }

    @ParameterizedTest
    @CsvSource({
        "pretrain.epoch=3,      pretrain.epochs",
        "views.globalsize=3,    views.globalSize",
        "pretrain.epochs=many,  pretrain.epochs",
        "pretrain.epochs=1.5,   pretrain.epochs",
        "epochs,                key=value",
        "encoder.stem=wide,     small_stride_2",
        "data.task=cancer,      normal_vs_osteoporosis",
        "preset=paper,          --preset",
        "threads=100000,        threads",
        "pretrain.batch=1,      pretrain.batch",
        "head.layers=65,        head.layers",
        "evaluation.resamples=-1, evaluation.resamples",
        "pretrain.learningRate=NaN, pretrain.learningRate",
        "views.localMinScale=0.9, views.localMaxScale",
        "views.globalCount=1,   views.globalCount",
        "encoder.architecture=resnet19, resnet34",
        "device=gpu,            reference",
    })
    void mistakesAreNamed(String override, String named) {
        assertThatThrownBy(() -> ConfigFile.load("quick", List.of(override))).isInstanceOf(UserError.class)
                .hasMessageContaining(named).message().hasLineCount(1);
    }

    private Path file(String text) throws IOException {
        return Files.writeString(folder.resolve("my.yaml"), text);
    }

    @Test
    void aFileLiesOnThePresetAndOverridesOnTheFile() throws IOException {
        Path file = file("seed: 7\npretrain:\n  epochs: 3\n  learningRate: 1\nviews.globalSize: 48\n");
        RunConfig config = ConfigFile.load(Optional.of("smoke"), Optional.of(file), List.of("pretrain.epochs=4"));
        RunConfig plain = ConfigFile.load("smoke", List.of());
        assertThat(config.seed()).isEqualTo(7);
        assertThat(config.pretrain().epochs()).isEqualTo(4);
        assertThat(config.pretrain().learningRate()).isEqualTo(1.0);
        assertThat(config.views().globalSize()).isEqualTo(48);
        assertThat(config.views().localSize()).isEqualTo(plain.views().localSize());
        assertThat(config.preset()).isEqualTo("smoke");
    }

    @Test
    void aRunsOwnConfigurationGivesTheSameRun() throws IOException {
        RunConfig before = ConfigFile.load("smoke", List.of("pretrain.epochs=5", "seed=3"));
        Path file = file(ConfigFile.toYaml(before));
        assertThat(ConfigFile.load(Optional.empty(), Optional.of(file), List.of())).isEqualTo(before);
        assertThat(ConfigFile.load(Optional.of("paper"), Optional.of(file), List.of()).preset()).isEqualTo("paper");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "'pretrain:\n  epoch: 3'        | pretrain.epochs",
        "'pretrain: 3'                  | pretrain",
        "'pretrain:\n  epochs: [1, 2]'  | one value",
        "'pretrain:\n  epochs:'         | given nothing",
        "'pretrain:\n  epochs: many'    | whole number",
        "'seed: 1\nseed: 2'             | line 2",
        "'seed: [1'                     | line",
        "'just words'                   | no settings",
        "'preset: fast'                 | quick",
        "''                             | no settings",
    })
    void mistakesInAFileAreNamed(String text, String named) throws IOException {
        Path file = file(text.replace("\\n", "\n"));
        assertThatThrownBy(() -> ConfigFile.load(Optional.empty(), Optional.of(file), List.of()))
                .isInstanceOf(UserError.class).hasMessageContaining(named).message().hasLineCount(1);
    }

    @Test
    void aMissingFileOrAFolderIsNamed() {
        assertThatThrownBy(() -> ConfigFile.load(Optional.empty(), Optional.of(folder.resolve("none.yaml")), List.of()))
                .isInstanceOf(UserError.class).hasMessageContaining("none.yaml does not exist");
        assertThatThrownBy(() -> ConfigFile.load(Optional.empty(), Optional.of(folder), List.of()))
                .isInstanceOf(UserError.class).hasMessageContaining("is a folder");
    }

    @Test
    void anUnknownPresetListsTheKnownOnes() {
        assertThatThrownBy(() -> ConfigFile.load("fast", List.of())).isInstanceOf(UserError.class)
                .hasMessageContaining("quick");
    }
}
