package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.phantom.HandPhantom;
import dev.osteon.app.phantom.PhantomConfig;
import dev.osteon.app.phantom.Subject;
import dev.osteon.app.segment.auto.HandPrompts;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Hands of either side, turned and of several sizes, whose bones are known. */
class HandPromptsTest {

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 6})
    void allPositivePointsLieInTheirBonesAndAllNegativeOutside(int index) {
        Subject subject = Subject.draw(1, index);
        HandPhantom hand = HandPhantom.render(subject, new PhantomConfig(8, 1, 0.2));
        Prompting.Placed placed = new HandPrompts().place("hand", hand.radiograph());
        for (Bone bone : subject.bones()) {
            Mask truth = Mask.of(hand.masks().get(bone).toImage(hand.radiograph().width(),
                    hand.radiograph().height()));
            assertThat(placed.bones()).as("side %s", subject.pose().side()).containsKey(bone);
            assertThat(truth.holding(placed.bones().get(bone).points().positive())).as(bone.label()).isEqualTo(3);
            assertThat(truth.holding(placed.bones().get(bone).points().negative())).as(bone.label()).isZero();
            assertThat(placed.confidence().get(bone)).isBetween(0.0, 1.0);
        }
    }

    @org.junit.jupiter.api.Test
    void anEmptyImageGivesNoConfidence() {
        Prompting.Placed placed = new HandPrompts().place("nothing", GrayImage.black(200, 300, 8));
        assertThat(placed.confidence().values()).allMatch(sure -> sure < 0.1);
        assertThat(placed.notes()).hasSizeGreaterThanOrEqualTo(7);
    }
}
