package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.phantom.HandPhantom;
import dev.osteon.app.phantom.PhantomConfig;
import dev.osteon.app.phantom.Subject;
import dev.osteon.app.segment.auto.HandPrompts;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
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

    /** Also pictures with nothing in them, of a pixel, and far longer than wide. */
    @ParameterizedTest
    @CsvSource({"200, 300", "1, 1", "3000, 1", "2, 900"})
    void whereNothingIsToBeSeenThereAreNoPromptsButANoteForEachBone(int width, int height) {
        Random random = new Random(1);
        GrayImage black = GrayImage.black(width, height, 8);
        GrayImage noise = GrayImage.black(width, height, 16);
        for (int i = 0; i < width * height; i++) {
            noise.set(i % width, i / width, random.nextInt(1 << 16));
        }
        for (GrayImage image : List.of(black, black.inverted(), noise)) {
            Prompting.Placed placed = new HandPrompts().place("nothing", image);
            assertThat(placed.bones()).isEmpty();
            assertThat(placed.doubts()).containsOnlyKeys(Bone.values());
        }
    }
}
