package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.osteon.app.phantom.Bone;
import dev.osteon.models.sam.Point;
import dev.osteon.models.sam.PointPrompt;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PromptsJsonTest {

    private static BonePrompt written(BonePrompt prompt) {
        ObjectNode bones = JsonNodeFactory.instance.objectNode();
        PromptsJson.write(Map.of(Bone.RADIUS, prompt), bones);
        return PromptsJson.read(bones, "a.png").get(Bone.RADIUS);
    }

    @Test
    void aPointThatIsInItsImageStaysThere() {
        BonePrompt prompt = written(BonePrompt.of(new PointPrompt(List.of(new Point(39.97, 29.999)),
                List.of(new Point(0.04, 12.34)))));
        assertThat(prompt.points().positive()).containsExactly(new Point(39.9, 29.9));
        assertThat(prompt.points().negative()).containsExactly(new Point(0, 12.3));
        prompt.requireWithin(40, 30, "a.png");
    }

    @Test
    void whatIsWrittenOnceIsWrittenTheSameAgain() {
        for (int tenths = 0; tenths < 100_000; tenths += 7) {
            Point point = new Point(tenths / 10.0, 1);
            assertThat(written(BonePrompt.of(new PointPrompt(List.of(point), List.of()))).points().positive())
                    .containsExactly(point);
        }
    }

    @Test
    void theRadiusOfAStrokeStaysAboveZero() {
        Stroke thin = new Stroke(Stroke.Tool.BRUSH, 0.04, List.of(new Point(1, 1)));
        Stroke wide = new Stroke(Stroke.Tool.ERASER, 7.96, List.of(new Point(1, 1)));
        PointPrompt points = new PointPrompt(List.of(new Point(1, 1)), List.of());
        assertThat(written(new BonePrompt(points, List.of(thin, wide))).strokes()).extracting(Stroke::radius)
                .containsExactly(0.1, 8.0);
    }
}
