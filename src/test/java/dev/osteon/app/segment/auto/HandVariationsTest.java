package dev.osteon.app.segment.auto;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.segment.BonePrompt;
import dev.osteon.app.segment.Prompting;
import dev.osteon.app.segment.PromptsFile;
import dev.osteon.app.segment.RadiographFolder;
import dev.osteon.models.sam.Point;
import dev.osteon.nn.SharedData;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Real hands that were turned, mirrored, cut, and stored otherwise. Where their bones are was looked at in overlays of
 * the pictures as they are, and is in {@code hands.json}: three points along each, at 0.2, 0.5 and 0.8 of its axis.
 */
class HandVariationsTest {

    private static final double SURE = 0.45;

    /** Half of what a bone is wide at its shaft over the length of the third metacarpal, by bone. */
    private static final Map<Bone, Double> HALF_WIDTH = Map.of(Bone.ULNA, 0.1, Bone.RADIUS, 0.13, Bone.MC1, 0.09,
            Bone.MC2, 0.075, Bone.MC3, 0.075, Bone.MC4, 0.07, Bone.MC5, 0.07);

    /** How many of a hand's bones have all points in them, and how many have not though they pass for sure. */
    private record Found(int right, int wrongButSure, int doubted) {}

    private static PromptsFile hands() {
        try {
            return PromptsFile.read(Path.of(HandVariationsTest.class.getResource("hands.json").toURI()));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private static GrayImage read(String hand) throws IOException {
        return RadiographFolder.read(SharedData.folder("hands").resolve(hand));
    }

    private static Found found(String hand, Variation variation) throws IOException {
        Variation.Varied varied = variation.of(read(hand));
        Prompting.Placed placed = new HandPrompts().place(hand, varied.image());
        Map<Bone, BonePrompt> truth = hands().images().get(hand);
        List<Point> third = truth.get(Bone.MC3).points().positive();
        double length = third.getFirst().distance(third.getLast()) / 0.6;
        int right = 0;
        int wrongButSure = 0;
        int doubted = 0;
        for (Bone bone : Bone.values()) {
            List<Point> line = truth.get(bone).points().positive();
            boolean in = placed.bones().containsKey(bone) && placed.bones().get(bone).points().positive().stream()
                    .allMatch(p -> within(p, line, HALF_WIDTH.get(bone) * length, varied));
            double sure = placed.confidence().getOrDefault(bone, 0.0);
            right += in ? 1 : 0;
            wrongButSure += !in && sure >= SURE ? 1 : 0;
            doubted += in && sure < SURE ? 1 : 0;
        }
        return new Found(right, wrongButSure, doubted);
    }

    /** Whether a point lies beside the line by no more than a distance, and beyond its ends by no more than a third. */
    private static boolean within(Point p, List<Point> line, double halfWidth, Variation.Varied varied) {
        Point a = varied.place(line.getFirst());
        Point b = varied.place(line.getLast());
        double scale = a.distance(b) / line.getFirst().distance(line.getLast());
        double length = a.distance(b);
        double along = ((p.x() - a.x()) * (b.x() - a.x()) + (p.y() - a.y()) * (b.y() - a.y())) / (length * length);
        double aside = Math.abs((p.x() - a.x()) * (b.y() - a.y()) - (p.y() - a.y()) * (b.x() - a.x())) / length;
        return along > -0.33 && along < 1.33 && aside < halfWidth * scale;
    }

    @ParameterizedTest
    @CsvSource({"hand11.jpg, MIRRORED", "hand10.jpg, TURNED_MINUS_20", "hand05.jpg, MIRRORED",
        "hand04.png, TWELVE_BITS_OF_16"})
    void allBonesAreFoundAndLabelledRight(String hand, Variation variation) throws IOException {
        assertThat(found(hand, variation).right()).isEqualTo(7);
    }

    @Test
    void oneOfTwoHandsIsFoundAndTheOtherTold() throws IOException {
        GrayImage hand = Variation.HALVED.of(read("hand04.png")).image();
        GrayImage other = Variation.MIRRORED.of(hand).image();
        GrayImage both = GrayImage.black(2 * hand.width(), hand.height(), hand.bitDepth());
        for (int y = 0; y < hand.height(); y++) {
            for (int x = 0; x < hand.width(); x++) {
                both.set(x, y, hand.get(x, y));
                both.set(hand.width() + x, y, other.get(x, y));
            }
        }
        Prompting.Placed placed = new HandPrompts().place("both", both);
        assertThat(placed.notes()).anyMatch(note -> note.contains("another hand"));
        assertThat(new HandPrompts().place("one", hand).notes()).noneMatch(note -> note.contains("another hand"));
    }

    /** The table of docs/segmentation.md: -Dosteon.variations=true. */
    @Test
    @EnabledIfSystemProperty(named = "osteon.variations", matches = "true")
    void table() throws IOException {
        for (Variation variation : Variation.values()) {
            int hands = 0;
            int right = 0;
            int wrong = 0;
            int doubted = 0;
            StringBuilder which = new StringBuilder();
            for (String hand : hands().images().keySet()) {
                Found found = found(hand, variation);
                hands += found.right() == 7 ? 1 : 0;
                right += found.right();
                wrong += found.wrongButSure();
                doubted += found.doubted();
                which.append(found.right() == 7 ? "" : " " + hand.substring(4, 6) + ":" + found.right()
                        + (found.wrongButSure() > 0 ? "!" + found.wrongButSure() : ""));
            }
            System.out.printf(Locale.ROOT, "| %s | %d | %d | %d | %d | %s%n", variation, hands, right, wrong, doubted,
                    which);
        }
        assertThat(hands().images()).isNotEmpty();
    }
}
