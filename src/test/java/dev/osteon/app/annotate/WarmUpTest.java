package dev.osteon.app.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.phantom.Bone;
import dev.osteon.app.segment.BonePrompt;
import dev.osteon.app.segment.Mask;
import dev.osteon.models.sam.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WarmUpTest {

    @Test
    void everyNumberOfPointsIsTriedAloneAndBesideASecondBone() {
        List<Map<Bone, BonePrompt>> tried = new ArrayList<>();
        WarmUp.of((image, embedding, prompts, bone) -> {
            assertThat(bone).isEqualTo(Bone.RADIUS);
            prompts.values().forEach(prompt -> prompt.requireWithin(image.width(), image.height(), "warm-up"));
            tried.add(prompts);
            return new Mask(1, 1, new boolean[1]);
        }).forEachRemaining(Runnable::run);
        for (int bones = 1; bones <= 2; bones++) {
            int wanted = bones;
            assertThat(tried).filteredOn(prompts -> prompts.size() == wanted)
                    .extracting(prompts -> prompts.get(Bone.RADIUS).points().positive().size())
                    .contains(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
        }
        // valleys are looked for between bones that are some pixels apart
        assertThat(tried).filteredOn(prompts -> prompts.size() == 2).allSatisfy(prompts -> {
            Point own = prompts.get(Bone.RADIUS).points().positive().getFirst();
            assertThat(prompts.get(Bone.ULNA).points().positive()).isNotEmpty()
                    .anyMatch(point -> point.distance(own) > 10);
        });
    }
}
