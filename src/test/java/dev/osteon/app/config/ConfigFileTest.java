package dev.osteon.app.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.app.UserError;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigFileTest {

    @ParameterizedTest
    @ValueSource(strings = {"smoke", "quick", "paper"})
    void presetsLoadAndReadBackAsTheyWereWritten(String preset) {
        RunConfig config = ConfigFile.load(preset, List.of());
        assertThat(config.preset()).isEqualTo(preset);
        assertThat(ConfigFile.fromYaml(ConfigFile.toYaml(config))).isEqualTo(config);
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
        "encoder.stem=wide,     encoder.stem",
    })
    void mistakesAreNamed(String override, String named) {
        assertThatThrownBy(() -> ConfigFile.load("quick", List.of(override))).isInstanceOf(UserError.class)
                .hasMessageContaining(named);
    }

    @Test
    void anUnknownPresetListsTheKnownOnes() {
        assertThatThrownBy(() -> ConfigFile.load("fast", List.of())).isInstanceOf(UserError.class)
                .hasMessageContaining("quick");
    }
}
