package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.app.UserError;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import dev.osteon.models.sam.Point;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PromptsFileTest {

    @TempDir
    Path folder;

    private PromptsFile read(String text) throws IOException {
        return PromptsFile.read(Files.writeString(folder.resolve("prompts.json"), text.replace('\'', '"')));
    }

    @Test
    void whatIsWrittenIsReadAgain() throws IOException {
        PromptsFile given = read("{'version':1,'images':[{'file':'a.png','bones':{'radius':{'positive':[[3,4.5]],"
                + "'negative':[[1,2],[5,6]]},'mc5':{'positive':[[7,8]],"
                + "'strokes':[{'tool':'eraser','radius':2.5,'points':[[1,1],[9,9]]}]}}},{'file':'b.png','bones':{}}]}");
        assertThat(given.images().get("a.png").get(Bone.RADIUS).points().positive()).containsExactly(new Point(3, 4.5));
        assertThat(given.images().get("a.png").get(Bone.MC5).points().negative()).isEmpty();
        given.write(folder.resolve("again.json"));
        assertThat(PromptsFile.read(folder.resolve("again.json"))).isEqualTo(given);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {
        "{'version':2} | given version 2",
        "{'version':'1','images':[]} | given version \"\"1\"\"; expected the number 1",
        "{'version':1.7,'images':[]} | given version 1.7; expected the number 1",
        "{'version':true,'images':[]} | given version true; expected the number 1",
        "{'images':[]} | given version none; expected the number 1",
        "{'version':1} | no list",
        "{'version':1,'images':[{'bones':{}}]} | no \"\"file\"\"",
        "{'version':1,'images':[{'file':'a.png'}]} | a.png: no \"\"bones\"\"",
        "{'version':1,'images':[{'file':'a.png','bones':{'femur':{}}}]} | a.png, femur: not a bone",
        "{'version':1,'images':[{'file':'a.png','bones':{'ulna':{'positive':[]}}}]} | a.png, ulna: no positive point",
        "{'version':1,'images':[{'file':'a.png','bones':{'ulna':{'positive':[[1]]}}}]} | a.png, ulna: positive point",
        "{'version':1,'images':[{'file':'a.png','bones':{'ulna':{'positive':[[1,-2]]}}}]} | a.png, ulna: positive",
        "{'version':1,'images':[{'file':'a.png','bones':{'ulna':{'positive':7}}}]} | a.png, ulna: positive is 7",
        "{'version':1,'images':[{'file':'a.png','bones':{'ulna':{'positive':[[1,1]],'strokes':[{'tool':'pen'}]}}}]} "
                + "| a.png, ulna: a stroke's tool is \"\"pen\"\"",
        "{'version':1,'images':[{'file':'a.png','bones':{'ulna':{'positive':[[1,1]],'strokes':[{'tool':'brush',"
                + "'radius':0,'points':[[1,1]]}]}}}]} | a.png, ulna: stroke: given radius 0.0",
        "{'version':1,'images':[{'file':'a.png','bones':{'ulna':{'positive':[[1,1]],'strokes':[{'tool':'brush',"
                + "'radius':true,'points':[[1,1]]}]}}}]} | a.png, ulna: a stroke's radius is true; expected a number",
        "{'version':1, | line 1: not JSON"})
    void mistakesAreToldWithImageAndBone(String text, String message) {
        assertThatThrownBy(() -> read(text)).isInstanceOf(UserError.class)
                .hasMessageContaining(message.replace("\"\"", "\"")).hasMessageNotContaining("\n");
    }

    @Test
    void aPointOutsideItsImageIsToldWithItsBone() throws IOException {
        PromptsFile prompts = read("{'version':1,'images':[{'file':'a.png','bones':{'mc1':{'positive':[[30,4]]}}}]}");
        assertThat(prompts.of("a.png", GrayImage.black(31, 5, 8))).containsOnlyKeys(Bone.MC1);
        assertThat(prompts.of("other.png", GrayImage.black(3, 5, 8))).isEmpty();
        assertThatThrownBy(() -> prompts.of("a.png", GrayImage.black(30, 5, 8)))
                .hasMessageContaining("a.png, mc1: point [30, 4] lies outside the image of 30 × 5");
    }
}
