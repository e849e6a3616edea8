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
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Prompts of many radiographs, as JSON: {@code {"version":1,"images":[{"file":"a.png","bones":{"radius":{"positive":
 * [[x,y],…],"negative":[[x,y],…]},…}}]}}, in pixels of the original image; bones are {@code ulna radius mc1} to
 * {@code mc5}, as many as there are. A bone may have {@code strokes}, too ({@link PromptsJson}).
 *
 * @param images prompts by file, in the file's order
 */
public record PromptsFile(Map<String, Map<Bone, BonePrompt>> images) {

    private static final int VERSION = 1;
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT)
            .enable(com.fasterxml.jackson.core.JsonParser.Feature.STRICT_DUPLICATE_DETECTION);

    /** @throws UserError naming the image and the bone where something is wrong */
    public static PromptsFile read(Path file) {
        try {
            return read(file, JSON.readTree(Files.readAllBytes(file)));
        } catch (JsonProcessingException e) {
            throw new UserError("--prompts: " + file + ", line " + (e.getLocation() == null ? 0
                    : e.getLocation().getLineNr()) + ": not JSON: " + e.getOriginalMessage().lines().findFirst()
                            .orElse(""), e);
        } catch (IOException e) {
            throw new UserError("--prompts: " + file + ": " + FileProblem.reason(e)
                    + "; give a prompts file, or auto", e);
        }
    }

    private static PromptsFile read(Path file, JsonNode root) {
        JsonNode version = root.path("version");
        if (!version.isInt() || version.intValue() != VERSION) {
            throw error(file, "given version " + (version.isMissingNode() ? "none" : version) + "; expected the number "
                    + VERSION);
        }
        if (!root.path("images").isArray()) {
            throw error(file, "no list \"images\"; expected {\"version\":1,\"images\":[…]}");
        }
        Map<String, Map<Bone, BonePrompt>> images = new LinkedHashMap<>();
        for (JsonNode image : root.get("images")) {
            String name = image.path("file").asText("");
            if (name.isEmpty()) {
                throw error(file, "image " + (images.size() + 1) + ": no \"file\"; name an image file");
            }
            try {
                if (images.putIfAbsent(name, PromptsJson.read(image.path("bones"), name)) != null) {
                    throw error(file, name + ": listed twice; keep one");
                }
            } catch (IllegalArgumentException e) {
                throw error(file, e.getMessage());
            }
        }
        return new PromptsFile(images);
    }

    private static UserError error(Path file, String what) {
        return new UserError("--prompts: " + file + ": " + what);
    }

    /**
     * The prompts of an image, none when it is not listed.
     *
     * @throws IllegalArgumentException naming a bone whose point lies outside the image
     */
    public Map<Bone, BonePrompt> of(String name, GrayImage image) {
        Map<Bone, BonePrompt> bones = Optional.ofNullable(images.get(name)).orElse(Map.of());
        bones.forEach((bone, prompt) ->
                prompt.requireWithin(image.width(), image.height(), name + ", " + bone.label()));
        return bones;
    }

    /** Writes the same format, whole or not at all. */
    public void write(Path file) throws IOException {
        ObjectNode root = JSON.createObjectNode().put("version", VERSION);
        ArrayNode list = root.putArray("images");
        images.forEach((name, bones) ->
                PromptsJson.write(bones, list.addObject().put("file", name).putObject("bones")));
        AtomicFile.write(file, JSON.writeValueAsString(root) + "\n");
    }
}
