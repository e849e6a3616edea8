package dev.osteon.app.segment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.ImageFiles;
import dev.osteon.app.phantom.Bone;
import dev.osteon.engine.tensor.Device;
import dev.osteon.models.sam.Point;
import dev.osteon.models.sam.PointPrompt;
import dev.osteon.models.sam.SamDecoder;
import dev.osteon.models.sam.SamEncoder;
import dev.osteon.nn.SharedData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A child's wrist with three positive and three negative points for each bone, against the radiologist's masks. With
 * {@code -Dosteon.steps=true} the table of docs/segmentation.md is printed: all steps, each left out, none.
 */
class GrazWristTest {

    private static final Map<String, Bone> NAMES = Map.of("Radius", Bone.RADIUS, "Ulna", Bone.ULNA,
            "Ossa metacarpalia I", Bone.MC1, "Ossa metacarpalia II", Bone.MC2, "Ossa metacarpalia III", Bone.MC3,
            "Ossa metacarpalia IV", Bone.MC4, "Ossa metacarpalia V", Bone.MC5);

    @TempDir
    Path cache;

    private final Map<Bone, BonePrompt> prompts = new EnumMap<>(Bone.class);
    private final Map<Bone, Mask> truth = new EnumMap<>(Bone.class);

    @Test
    void theStepsReachTheRadiologist() throws IOException {
        Path sam = SharedData.folder("sam");
        Path graz = SharedData.folder("graz");
        GrayImage image = ImageFiles.read(graz.resolve("images/2024_0939605258_01_WRI-L1_M013.png"));
        JsonNode cases = new ObjectMapper().readTree(sam.resolve("ref/graz2024/ref.json").toFile()).get("cases");
        for (JsonNode one : cases) {
            String label = one.get("label").asText();
            if (NAMES.containsKey(label)) {
                prompts.put(NAMES.get(label), prompt(one));
                truth.put(NAMES.get(label), Mask.of(ImageFiles.read(graz.resolve("masks_png_2024/"
                        + label.replace(' ', '_') + ".png"))));
            }
        }
        assertThat(prompts).hasSize(Bone.values().length);
        try (SamEncoder encoder = SamEncoder.load(sam.resolve("encoder.onnx"), Device.CPU);
                SamDecoder decoder = SamDecoder.load(sam.resolve("decoder.onnx"), Device.CPU)) {
            Embeddings embeddings = new Embeddings(encoder, "encoder", cache);
            Map<Bone, Double> dice = dice(embeddings, decoder, EnumSet.allOf(Step.class), image);
            assertThat(mean(dice)).isGreaterThanOrEqualTo(0.93);
            assertThat(dice.values()).allMatch(d -> d >= 0.85);
            if (Boolean.getBoolean("osteon.steps")) {
                print("all", dice);
                for (Step step : Step.values()) {
                    print("without " + step.label(), dice(embeddings, decoder, EnumSet.complementOf(EnumSet.of(step)),
                            image));
                }
                print("none", dice(embeddings, decoder, EnumSet.noneOf(Step.class), image));
            }
        }
    }

    private Map<Bone, Double> dice(Embeddings embeddings, SamDecoder decoder, Set<Step> steps, GrayImage image)
            throws IOException {
        Map<Bone, Double> dice = new EnumMap<>(Bone.class);
        new BoneSegmenter(embeddings, decoder, steps).segment(image, prompts)
                .forEach((bone, segment) -> dice.put(bone, segment.mask().dice(truth.get(bone))));
        return dice;
    }

    private static double mean(Map<Bone, Double> dice) {
        return dice.values().stream().mapToDouble(d -> d).average().orElseThrow();
    }

    private static void print(String name, Map<Bone, Double> dice) {
        StringBuilder row = new StringBuilder(String.format(Locale.ROOT, "| %s | %.3f |", name, mean(dice)));
        dice.values().forEach(d -> row.append(String.format(Locale.ROOT, " %.3f |", d)));
        System.out.println(row);
    }

    private static BonePrompt prompt(JsonNode one) {
        List<Point> positive = new ArrayList<>();
        List<Point> negative = new ArrayList<>();
        one.get("points_px").forEach(point -> (point.get(2).asInt() == 1 ? positive : negative)
                .add(new Point(point.get(0).asDouble(), point.get(1).asDouble())));
        return BonePrompt.of(new PointPrompt(positive, negative));
    }
}
