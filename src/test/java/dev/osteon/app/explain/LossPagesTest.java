package dev.osteon.app.explain;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What docs/losses says can be followed. */
class LossPagesTest {

    private static final Path FOLDER = Path.of("../docs/losses");
    private static final Pattern KEY = Pattern.compile("`((?:pretrain|simclr|supcon|swav|vicreg|head|data)\\.\\w+)`");
    private static final Pattern LINK = Pattern.compile("]\\(([^)#:]+)\\)");

    private static List<Path> pages() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER)) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyLossHasAPageThatSaysHowToSeeIt(LossName name) throws IOException {
        assertThat(Files.readString(FOLDER.resolve(name.label() + ".md"))).contains("./osteon explain " + name.label());
        assertThat(Files.readString(FOLDER.resolve("README.md"))).contains(name.label() + ".md");
    }

    @Test
    void settingsAndLinksExist() throws IOException {
        JsonNode preset = new YAMLMapper().readTree(Files.readString(Path.of("main/resources/presets/quick.yaml")));
        for (Path page : pages()) {
            String text = Files.readString(page);
            List<String> keys = KEY.matcher(text).results().map(m -> m.group(1)).distinct().toList();
            assertThat(keys).as(page.toString()).isNotEmpty().allSatisfy(key ->
                    assertThat(preset.at("/" + key.replace('.', '/')).isMissingNode()).as(key).isFalse());
            for (MatchResult link : LINK.matcher(text).results().toList()) {
                assertThat(FOLDER.resolve(link.group(1))).exists();
            }
        }
    }
}
