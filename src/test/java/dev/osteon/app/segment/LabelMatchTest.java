package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.app.UserError;
import dev.osteon.app.config.ConfigFile;
import dev.osteon.app.config.RunConfig;
import dev.osteon.app.data.LabelsException;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.segment.auto.HandPrompts;
import dev.osteon.models.sam.Point;
import dev.osteon.models.sam.PointPrompt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabelMatchTest {

    @TempDir
    Path folder;

    /** Images a.png to g.png of subjects a to g. */
    private LabelMatch match(String rows) throws IOException {
        Path table = folder.resolve("scores.csv");
        Files.writeString(table, "subject,t_score,label\n" + rows.replace("|", "\n"));
        Map<String, String> subjects = new LinkedHashMap<>();
        "abcdefg".chars().forEach(c -> subjects.put((char) c + ".png", String.valueOf((char) c)));
        return LabelTable.read(table).match(subjects);
    }

    private static RunConfig.Data data(String... overrides) {
        return ConfigFile.load("smoke", List.of(overrides)).data();
    }

    @Test
    void whatMatchesAndWhatDoesNotIsOneLine() throws IOException {
        LabelMatch match = match("a,-3,|b,,|c,,normal|x,1,|y,1,|z,1,|w,1,");
        assertThat(match.isComplete()).isFalse();
        assertThat(match.describe()).isEqualTo("2 of 7 images have a label; without one: b.png, d.png, e.png and 2 "
                + "more; rows of scores.csv without an image: x, y, z and 1 more");
        assertThat(match("a,1,|b,1,|c,1,|d,1,|e,1,|f,1,|g,1,").isComplete()).isTrue();
    }

    @Test
    void aTableOfOthersIsToldWithANameOfEach() {
        assertThatThrownBy(() -> match("p1,-3,|p2,1,")).isInstanceOf(UserError.class)
                .hasMessageContaining("of none of the 7 images; expected subjects as a, given p1")
                .hasMessageContaining("--subject-pattern");
    }

    @Test
    void aClassTooSmallForTheSplitIsTold() throws IOException {
        LabelMatch tooFew = match("a,-3,|b,-3,|c,1,|d,1,|e,1,|f,-1.5,");
        assertThatThrownBy(() -> tooFew.require(data(), new HandPrompts())).isInstanceOf(UserError.class)
                .hasMessageContaining("2 subjects with osteoporosis and 4 without; expected at least 3 of each")
                .hasMessageContaining("6 of 7 images have a label; without one: g.png")
                .hasMessageNotContaining("\n");
        assertThatCode(() -> tooFew.require(data("data.split=segment"), new HandPrompts())).doesNotThrowAnyException();
        assertThatThrownBy(() -> match("a,1,|b,0,").require(data("data.split=segment"), new HandPrompts()))
                .hasMessageContaining("0 images with osteoporosis and 2 without; expected at least 1 of each");
        LabelMatch enough = match("a,-3,|b,-3,|c,1,|d,1,|e,,osteopenia|f,-3,");
        assertThatCode(() -> enough.require(data(), new HandPrompts())).doesNotThrowAnyException();
        assertThatThrownBy(() -> enough.require(data("data.task=normal_vs_osteoporosis"), new HandPrompts()))
                .hasMessageContaining("3 subjects with osteoporosis and 2 without")
                .hasMessageContaining("the task leaves out 1 with osteopenia");
    }

    @Test
    void imagesThatGetNoPromptsDoNotCount() throws IOException {
        LabelMatch match = match("a,-3,|b,-3,|c,-3,|d,1,|e,1,|f,1,");
        Map<Bone, BonePrompt> bones = Map.of(Bone.MC1, BonePrompt.of(new PointPrompt(List.of(new Point(1, 1)),
                List.of())));
        Map<String, Map<Bone, BonePrompt>> prompts = new LinkedHashMap<>();
        match.labelled().keySet().forEach(file -> prompts.put(file, bones));
        assertThatCode(() -> match.require(data(), Prompting.from(new PromptsFile(prompts))))
                .doesNotThrowAnyException();
        prompts.put("b.png", Map.of());
        assertThatThrownBy(() -> match.require(data(), Prompting.from(new PromptsFile(prompts))))
                .hasMessageContaining("2 subjects with osteoporosis").hasMessageContaining("1 have no prompts");
    }

    @Test
    void aLabelThatIsNoneIsToldWithItsLineInTheTable() throws IOException {
        assertThatThrownBy(() -> match("a,-3,|b,low,|c,1,").require(data(), new HandPrompts()))
                .isInstanceOf(LabelsException.class)
                .hasMessageContaining("scores.csv, line 3: column 't_score': 'low'");
        assertThatThrownBy(() -> match("a,-3,|b,,ill|c,1,").require(data(), new HandPrompts()))
                .isInstanceOf(LabelsException.class).hasMessageContaining("line 3: column 'label': 'ill'");
    }
}
