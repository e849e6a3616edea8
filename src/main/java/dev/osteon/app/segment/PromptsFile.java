package dev.osteon.app.segment;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.osteon.app.FileProblem;
import dev.osteon.app.UserError;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.phantom.Bone;
import dev.osteon.engine.io.AtomicFile;
import dev.osteon.models.sam.Point;
import dev.osteon.models.sam.PointPrompt;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Prompts of many radiographs, as JSON: {@code {"version":1,"images":[{"file":"a.png","bones":{"radius":{"positive":
 * [[x,y],…],"negative":[[x,y],…]},…}}]}}, in pixels of the original image; bones are {@code ulna radius mc1} to
 * {@code mc5}, as many as there are.
 *
 * @param images prompts by file, in the file's order
 */
public record PromptsFile(Map<String, Map<Bone, PointPrompt>> images) {

    private static final int VERSION = 1;
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT)
            .enable(com.fasterxml.jackson.core.JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    /** @throws UserError naming the image and the bone where something is wrong */
    public static PromptsFile read(Path file) {
        try {
            return new Reader(file).read(JSON.readTree(file.toFile()));
        } catch (JsonProcessingException e) {
            throw new UserError("--prompts: " + file + ", line " + (e.getLocation() == null ? 0
                    : e.getLocation().getLineNr()) + ": not JSON: " + e.getOriginalMessage().lines().findFirst()
                            .orElse(""), e);
        } catch (IOException e) {
            throw new UserError("--prompts: " + file + ": " + FileProblem.reason(e)
                    + "; give a prompts file, or auto", e);
        }
    }

    /** Where the messages of a file come from. */
    private record Reader(Path file) {

        PromptsFile read(JsonNode root) {
            if (root.path("version").asInt() != VERSION) {
                throw error("given version " + root.path("version").asText("none") + "; expected " + VERSION);
            }
            if (!root.path("images").isArray()) {
                throw error("no list \"images\"; expected {\"version\":1,\"images\":[…]}");
            }
            Map<String, Map<Bone, PointPrompt>> images = new LinkedHashMap<>();
            for (JsonNode image : root.get("images")) {
                String name = image.path("file").asText("");
                if (name.isEmpty()) {
                    throw error("image " + (images.size() + 1) + ": no \"file\"; name an image file");
                }
                if (!image.path("bones").isObject()) {
                    throw error(name + ": no \"bones\"; expected {\"radius\":{\"positive\":[[x,y]]}}");
                }
                if (images.putIfAbsent(name, bones(name, image.get("bones"))) != null) {
                    throw error(name + ": listed twice; keep one");
                }
            }
            return new PromptsFile(images);
        }

        private Map<Bone, PointPrompt> bones(String image, JsonNode node) {
            Map<Bone, PointPrompt> bones = new EnumMap<>(Bone.class);
            node.properties().forEach(field -> {
                String where = image + ", " + field.getKey();
                Bone bone = Arrays.stream(Bone.values()).filter(b -> b.label().equals(field.getKey())).findFirst()
                        .orElseThrow(() -> error(where + ": not a bone that is segmented; expected ulna, radius, mc1, "
                                + "mc2, mc3, mc4 or mc5"));
                List<Point> positive = points(where, "positive", field.getValue());
                if (positive.isEmpty()) {
                    throw error(where + ": no positive point; expected at least one, or leave the bone out");
                }
                bones.put(bone, new PointPrompt(positive, points(where, "negative", field.getValue())));
            });
            return bones;
        }

        private List<Point> points(String where, String kind, JsonNode bone) {
            List<Point> points = new ArrayList<>();
            JsonNode list = bone.path(kind);
            if (!list.isMissingNode() && !list.isArray()) {
                throw error(where + ": " + kind + " is " + list + "; expected a list [[x,y],…]");
            }
            for (JsonNode point : list) {
                if (point.size() != 2 || !point.get(0).isNumber() || !point.get(1).isNumber()
                        || point.get(0).asDouble() < 0 || point.get(1).asDouble() < 0) {
                    throw error(where + ": " + kind + " point " + point + "; expected [x,y] in pixels, 0 or more");
                }
                points.add(new Point(point.get(0).asDouble(), point.get(1).asDouble()));
            }
            return points;
        }

        private UserError error(String what) {
            return new UserError("--prompts: " + file + ": " + what);
        }
    }

    /**
     * The prompts of an image, none when it is not listed.
     *
     * @throws UserError naming a bone whose point lies outside the image
     */
    public Map<Bone, PointPrompt> of(String name, GrayImage image) {
        Map<Bone, PointPrompt> bones = Optional.ofNullable(images.get(name)).orElse(Map.of());
        bones.forEach((bone, prompt) -> {
            for (List<Point> points : List.of(prompt.positive(), prompt.negative())) {
                for (Point p : points) {
                    if (p.x() >= image.width() || p.y() >= image.height()) {
                        throw new UserError(String.format(java.util.Locale.ROOT,
                                "%s, %s: point [%.0f, %.0f] lies outside the image of %d × %d; correct the prompt",
                                name, bone.label(), p.x(), p.y(), image.width(), image.height()));
                    }
                }
            }
        });
        return bones;
    }

    /** Writes the same format, whole or not at all. */
    public void write(Path file) throws IOException {
        ObjectNode root = JSON.createObjectNode().put("version", VERSION);
        ArrayNode list = root.putArray("images");
        images.forEach((name, bones) -> {
            ObjectNode node = list.addObject().put("file", name).putObject("bones");
            bones.forEach((bone, prompt) -> {
                ObjectNode of = node.putObject(bone.label());
                put(of.putArray("positive"), prompt.positive());
                put(of.putArray("negative"), prompt.negative());
            });
        });
        AtomicFile.write(file, JSON.writeValueAsString(root) + "\n");
    }

    private static void put(ArrayNode array, List<Point> points) {
        points.forEach(p -> array.addArray().add(Math.round(10 * p.x()) / 10.0).add(Math.round(10 * p.y()) / 10.0));
    }
}
