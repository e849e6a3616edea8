package dev.osteon.app.annotate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.UnreadableImageException;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.segment.BoneColour;
import dev.osteon.app.segment.BonePrompt;
import dev.osteon.app.segment.BoneSegment;
import dev.osteon.app.segment.Mask;
import dev.osteon.app.segment.Prompting;
import dev.osteon.app.segment.PromptsJson;
import java.io.IOException;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the page asks for, below the token:
 *
 * <pre>
 * GET  api/images                 all radiographs with their bones, the seven bones, files
 * GET  api/images/N               size, depth, prompts and revision of one
 * GET  api/images/N/samples       its samples, 1 or 2 bytes each, little-endian, row by row
 * GET  api/images/N/embedding     answers when the encoder has seen it
 * PUT  api/images/N/prompts       {"revision", "bones"} saves
 * POST api/images/N/mask          {"bone", "bones", "quality": "preview" or "final"}
 * POST api/images/N/automatic     {} prompts from the image itself; nothing is saved
 * POST api/export                 {} begins
 * GET  api/export                 how far it is
 * GET  api/export.zip             masks, coco.json and prompts.json
 * </pre>
 */
final class Api {

    private static final Pattern IMAGE = Pattern.compile("api/images/(\\d{1,9})(?:/(\\w+))?");
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int DEEPEST = 20;

    static {
        JSON.getFactory().setStreamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEEPEST).build());
    }

    private final Workplace workplace;

    Api(Workplace workplace) {
        this.workplace = workplace;
    }

    Reply answer(String method, String path, byte[] body) throws IOException {
        Matcher image = IMAGE.matcher(path);
        if (image.matches()) {
            int number = Integer.parseInt(image.group(1));
            if (number >= workplace.size()) {
                throw new Refusal(404, "given image " + number + "; expected 0 to " + (workplace.size() - 1));
            }
            try {
                return ofImage(method, number, image.group(2) == null ? "" : image.group(2), body);
            } catch (UnreadableImageException e) {
                throw new Refusal(422, e.getMessage());
            }
        }
        return switch (method + " " + path) {
            case "GET api/images" -> images();
            case "POST api/export" -> {
                workplace.store().refresh();
                workplace.export().start(workplace.store().all());
                yield exported();
            }
            case "GET api/export" -> exported();
            case "GET api/export.zip" -> Reply.download("application/zip", "masks.zip", workplace.export().zip());
            default -> throw new Refusal(404, method + " " + path + ": no such thing here");
        };
    }

    private Reply ofImage(String method, int image, String what, byte[] body) throws IOException {
        return switch (method + " " + what) {
            case "GET " -> image(image);
            case "GET samples" -> Reply.of("application/octet-stream", samples(workplace.image(image)));
            case "GET embedding" -> {
                long start = System.nanoTime();
                workplace.embedding(image);
                yield Reply.json(NODES.objectNode().put("ms", milliseconds(start)));
            }
            case "PUT prompts" -> save(image, json(body));
            case "POST mask" -> mask(image, json(body));
            case "POST automatic" -> automatic(image);
            default -> throw new Refusal(404, method + " api/images/" + image + "/" + what + ": no such thing here");
        };
    }

    private static JsonNode json(byte[] body) throws IOException {
        try {
            JsonNode node = JSON.readTree(body);
            if (node == null || !node.isObject()) {
                throw new Refusal(400, "expected a JSON object");
            }
            return node;
        } catch (JsonProcessingException e) {
            throw new Refusal(400, "no JSON: " + e.getOriginalMessage().lines().findFirst().orElse(""));
        }
    }

    private Reply images() throws IOException {
        workplace.store().refresh();
        ObjectNode root = NODES.objectNode().put("prompts", workplace.store().file().toString());
        ArrayNode bones = root.putArray("bones");
        for (Bone bone : Bone.values()) {
            bones.addObject().put("name", bone.label()).put("colour", BoneColour.css(bone));
        }
        ArrayNode images = root.putArray("images");
        for (int i = 0; i < workplace.size(); i++) {
            ArrayNode has = images.addObject().put("file", workplace.name(i)).putArray("bones");
            workplace.store().of(workplace.name(i)).keySet().forEach(bone -> has.add(bone.label()));
        }
        return Reply.json(root);
    }

    private Reply image(int number) throws IOException {
        workplace.store().refresh();
        GrayImage image = workplace.image(number);
        String name = workplace.name(number);
        ObjectNode root = NODES.objectNode().put("file", name).put("width", image.width())
                .put("height", image.height()).put("bits", image.bitDepth())
                .put("revision", workplace.store().revision(name));
        PromptsJson.write(workplace.store().of(name), root.putObject("bones"));
        return Reply.json(root);
    }

    private static byte[] samples(GrayImage image) {
        int width = image.bitDepth() / 8;
        byte[] bytes = new byte[width * image.width() * image.height()];
        int at = 0;
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                int sample = image.get(x, y);
                bytes[at++] = (byte) sample;
                if (width == 2) {
                    bytes[at++] = (byte) (sample >> 8);
                }
            }
        }
        return bytes;
    }

    private Map<Bone, BonePrompt> bones(int number, JsonNode given) throws IOException {
        String name = workplace.name(number);
        Map<Bone, BonePrompt> bones = PromptsJson.read(given.path("bones"), name);
        GrayImage image = workplace.image(number);
        bones.forEach((bone, prompt) ->
                prompt.requireWithin(image.width(), image.height(), name + ", " + bone.label()));
        return bones;
    }

    private Reply save(int number, JsonNode given) throws IOException {
        if (!given.path("revision").isInt()) {
            throw new Refusal(400, "no \"revision\"; expected the number that came with the image");
        }
        int revision = workplace.store().save(workplace.name(number), bones(number, given),
                given.get("revision").asInt());
        return Reply.json(NODES.objectNode().put("revision", revision));
    }

    private Reply mask(int number, JsonNode given) throws IOException {
        Map<Bone, BonePrompt> bones = bones(number, given);
        Bone bone = PromptsJson.bone(given.path("bone").asText(), given.path("bone").toString());
        if (!bones.containsKey(bone)) {
            throw new Refusal(400, bone.label() + ": no prompt among \"bones\"");
        }
        workplace.embedding(number);   // what comes after it is what the person waits for at each click
        long start = System.nanoTime();
        return switch (given.path("quality").asText()) {
            case "preview" -> Reply.json(runs(workplace.preview(number, bones, bone)).put("ms", milliseconds(start)));
            case "final" -> {
                BoneSegment segment = workplace.segment(number, bones, bone);
                ObjectNode reply = runs(segment.mask()).put("area", segment.mask().area())
                        .put("stability", segment.stability());
                segment.flags().forEach(reply.putArray("flags")::add);
                yield Reply.json(reply.put("ms", milliseconds(start)));
            }
            default -> throw new Refusal(400, "given quality " + given.path("quality")
                    + "; expected \"preview\" or \"final\"");
        };
    }

    /** Runs of pixels row by row, outside and inside in turn. */
    private static ObjectNode runs(Mask mask) {
        ObjectNode node = NODES.objectNode().put("width", mask.width()).put("height", mask.height());
        ArrayNode runs = node.putArray("runs");
        boolean inside = false;
        int start = 0;
        for (int i = 0; i < mask.inside().length; i++) {
            if (mask.inside()[i] != inside) {
                runs.add(i - start);
                start = i;
                inside = !inside;
            }
        }
        runs.add(mask.inside().length - start);
        return node;
    }

    private Reply automatic(int number) throws IOException {
        Prompting.Placed placed = workplace.automatic(number);
        ObjectNode root = NODES.objectNode();
        PromptsJson.write(placed.bones(), root.putObject("bones"));
        ObjectNode confidence = root.putObject("confidence");
        placed.confidence().forEach((bone, sure) -> confidence.put(bone.label(), sure));
        ArrayNode notes = root.putArray("notes");
        placed.doubts().forEach((bone, doubt) -> notes.add(bone.label() + " " + doubt));
        placed.notes().forEach(notes::add);
        return Reply.json(root);
    }

    private Reply exported() {
        Export.State state = workplace.export().state();
        ObjectNode node = NODES.objectNode()
                .put("state", state.getClass().getSimpleName().toLowerCase(Locale.ROOT));
        switch (state) {
            case Export.State.Running(long done, long total) -> node.put("done", done).put("total", total);
            case Export.State.Finished(ExportedFiles files, var failed) -> {
                node.put("folder", files.folder().toString()).put("masks", files.masks().size())
                        .put("missing", files.missing().size());
                failed.forEach(node.putArray("failed")::add);
            }
            case Export.State.Failed(String reason) -> node.put("error", reason);
            case Export.State.None none -> { }
        }
        return Reply.json(node);
    }

    private static double milliseconds(long start) {
        return (System.nanoTime() - start) / 1e6;
    }
}
