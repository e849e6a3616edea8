package dev.osteon.app.segment;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.osteon.app.phantom.Bone;
import dev.osteon.models.sam.Point;
import dev.osteon.models.sam.PointPrompt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The prompts of one image's bones as JSON: {@code {"radius":{"positive":[[x,y],…],"negative":[[x,y],…],"strokes":
 * [{"tool":"brush","radius":4,"points":[[x,y],…]}]},…}}, in pixels of the image.
 */
public final class PromptsJson {

    private PromptsJson() {}

    /**
     * Prompts by bone.
     *
     * @param where what to begin an error with: the image
     * @throws IllegalArgumentException naming the bone where something is wrong, and what was expected
     */
    public static Map<Bone, BonePrompt> read(JsonNode bones, String where) {
        if (!bones.isObject()) {
            throw new IllegalArgumentException(where + ": no \"bones\"; expected {\"radius\":{\"positive\":[[x,y]]}}");
        }
        Map<Bone, BonePrompt> read = new EnumMap<>(Bone.class);
        bones.properties().forEach(field -> {
            String of = where + ", " + field.getKey();
            Bone bone = bone(field.getKey(), of);
            List<Point> positive = points(field.getValue().path("positive"), of + ": positive");
            if (positive.isEmpty()) {
                throw new IllegalArgumentException(of + ": no positive point; expected at least one, or leave the bone "
                        + "out");
            }
            read.put(bone, new BonePrompt(new PointPrompt(positive, points(field.getValue().path("negative"),
                    of + ": negative")), strokes(field.getValue().path("strokes"), of)));
        });
        return read;
    }

    /**
     * The bone of a name.
     *
     * @throws IllegalArgumentException when it is none of the seven
     */
    public static Bone bone(String name, String where) {
        return Arrays.stream(Bone.values()).filter(bone -> bone.label().equals(name)).findFirst().orElseThrow(() ->
                new IllegalArgumentException(where + ": not a bone that is segmented; expected ulna, radius, mc1, mc2, "
                        + "mc3, mc4 or mc5"));
    }

    private static List<Stroke> strokes(JsonNode list, String where) {
        List<Stroke> strokes = new ArrayList<>();
        if (!list.isMissingNode() && !list.isArray()) {
            throw new IllegalArgumentException(where + ": strokes is " + list + "; expected a list");
        }
        for (JsonNode stroke : list) {
            Stroke.Tool tool = Arrays.stream(Stroke.Tool.values())
                    .filter(t -> t.label().equals(stroke.path("tool").asText())).findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(where + ": a stroke's tool is "
                            + stroke.path("tool") + "; expected \"brush\" or \"eraser\""));
            if (!stroke.path("radius").isNumber()) {
                throw new IllegalArgumentException(where + ": a stroke's radius is " + (stroke.has("radius")
                        ? stroke.get("radius") : "missing") + "; expected a number above 0, in pixels");
            }
            try {
                strokes.add(new Stroke(tool, stroke.get("radius").asDouble(), points(stroke.path("points"),
                        where + ": stroke")));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(e.getMessage().startsWith(where) ? e.getMessage()
                        : where + ": " + e.getMessage(), e);
            }
        }
        return strokes;
    }

    private static List<Point> points(JsonNode list, String where) {
        if (!list.isMissingNode() && !list.isArray()) {
            throw new IllegalArgumentException(where + " is " + list + "; expected a list [[x,y],…]");
        }
        List<Point> points = new ArrayList<>();
        for (JsonNode point : list) {
            if (point.size() != 2 || !isCoordinate(point.get(0)) || !isCoordinate(point.get(1))) {
                throw new IllegalArgumentException(where + " point " + point + "; expected [x,y] in pixels, 0 or more");
            }
            points.add(new Point(point.get(0).asDouble(), point.get(1).asDouble()));
        }
        return points;
    }

    private static boolean isCoordinate(JsonNode value) {
        return value.isNumber() && value.asDouble() >= 0 && value.asDouble() < Integer.MAX_VALUE;
    }

    /**
     * Puts prompts in the form that {@link #read} takes into {@code bones}, to a tenth of a pixel. Coordinates are
     * rounded down, so that a point stays in its image, and a radius stays above 0.
     */
    public static void write(Map<Bone, BonePrompt> prompts, ObjectNode bones) {
        prompts.forEach((bone, prompt) -> {
            ObjectNode of = bones.putObject(bone.label());
            put(of.putArray("positive"), prompt.points().positive());
            put(of.putArray("negative"), prompt.points().negative());
            if (!prompt.strokes().isEmpty()) {
                ArrayNode strokes = of.putArray("strokes");
                for (Stroke stroke : prompt.strokes()) {
                    put(strokes.addObject().put("tool", stroke.tool().label()).put("radius", radius(stroke.radius()))
                            .putArray("points"), stroke.points());
                }
            }
        });
    }

    private static void put(ArrayNode array, List<Point> points) {
        points.forEach(p -> array.addArray().add(coordinate(p.x())).add(coordinate(p.y())));
    }

    private static double coordinate(double pixels) {
        return Math.floor(10 * pixels) / 10;
    }

    private static double radius(double pixels) {
        return Math.max(1, Math.rint(10 * pixels)) / 10;
    }
}
