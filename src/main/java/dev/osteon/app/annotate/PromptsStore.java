package dev.osteon.app.annotate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.segment.BonePrompt;
import dev.osteon.app.segment.PromptsFile;
import dev.osteon.app.segment.PromptsJson;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A prompts file that is saved after every change, whole or not at all. What other programs have put into it beside
 * the prompts is kept. Two windows do not overwrite each other: who saves says which version he has seen.
 */
final class PromptsStore {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final Path file;
    private final ObjectNode root;
    private final Map<String, Map<Bone, BonePrompt>> prompts;
    private final Map<String, Integer> revisions = new HashMap<>();
    private Optional<FileTime> written;

    /** @throws dev.osteon.app.UserError when the file is there and is no prompts file */
    PromptsStore(Path file) throws IOException {
        this.file = file;
        if (Files.exists(file)) {
            prompts = new HashMap<>(PromptsFile.read(file).images());
            root = (ObjectNode) JSON.readTree(file.toFile());
        } else {
            prompts = new HashMap<>();
            root = JSON.createObjectNode().put("version", 1);
            root.putArray("images");
        }
        written = modified();
    }

    Path file() {
        return file;
    }

    private Optional<FileTime> modified() throws IOException {
        return Files.exists(file) ? Optional.of(Files.getLastModifiedTime(file)) : Optional.empty();
    }

    synchronized Map<Bone, BonePrompt> of(String image) {
        return prompts.getOrDefault(image, Map.of());
    }

    /** Counts the savings of an image since the start. */
    synchronized int revision(String image) {
        return revisions.getOrDefault(image, 0);
    }

    /** All of them, as they are now. */
    synchronized PromptsFile all() {
        return new PromptsFile(Map.copyOf(prompts));
    }

    /**
     * Saves the prompts of an image.
     *
     * @param seen the revision that the change was made to
     * @return the new revision
     * @throws Refusal when the image, or the file, has been changed elsewhere in the meantime
     */
    synchronized int save(String image, Map<Bone, BonePrompt> bones, int seen) throws IOException {
        if (seen != revision(image)) {
            throw new Refusal(409, image + " was changed in another window; reload this page");
        }
        Optional<FileTime> now = modified();
        if (now.isPresent() && !now.equals(written)) {
            throw new Refusal(409, file + " was changed by another program; nothing was saved. Stop osteon annotate "
                    + "and start it again to go on with that file, or remove it to keep what is here");
        }
        PromptsJson.write(bones, entry(image).putObject("bones"));
        AtomicFile.write(file, JSON.writeValueAsString(root) + "\n");
        written = modified();
        Map<Bone, BonePrompt> ordered = new EnumMap<>(Bone.class);      // exports are told apart by what this prints
        ordered.putAll(bones);
        prompts.put(image, Collections.unmodifiableMap(ordered));
        revisions.merge(image, 1, Integer::sum);
        return revision(image);
    }

    private ObjectNode entry(String image) {
        ArrayNode images = (ArrayNode) root.get("images");
        for (JsonNode node : images) {
            if (node.path("file").asText().equals(image)) {
                return (ObjectNode) node;
            }
        }
        return images.addObject().put("file", image);
    }
}
