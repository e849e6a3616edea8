package dev.osteon.app.annotate;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.osteon.app.Hashes;
import dev.osteon.app.UserError;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.segment.BonePrompt;
import dev.osteon.app.segment.PromptsFile;
import dev.osteon.app.segment.PromptsJson;
import dev.osteon.engine.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A prompts file that is saved after every change, whole or not at all. What other programs have put into it beside
 * the prompts is kept. Nobody overwrites what he has not seen: who saves says which version of an image he has seen,
 * and what another program writes into the file makes new versions of the images whose prompts it changes.
 */
final class PromptsStore {

    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final String IMAGES = "images";
    private static final String BONES = "bones";

    /**
     * A prompts file.
     *
     * @param root    all that is in it; never changed, since a change that cannot be written must leave no trace
     * @param prompts of its images
     * @param hash    of its bytes, empty when there is no file yet
     */
    private record Version(ObjectNode root, Map<String, Map<Bone, BonePrompt>> prompts, Optional<String> hash) {}

    private final Path file;
    private Version version;
    private final Map<String, Integer> revisions = new HashMap<>();
    private final Set<String> changedOutside = new HashSet<>();

    /** @throws UserError when the file is there and is no prompts file */
    PromptsStore(Path file) throws IOException {
        this.file = file;
        if (Files.exists(file)) {
            version = read();
        } else {
            ObjectNode root = JSON.createObjectNode().put("version", 1);
            root.putArray(IMAGES);
            version = new Version(root, new HashMap<>(), Optional.empty());
        }
    }

    Path file() {
        return file;
    }

    private Version read() throws IOException {
        String hash = Hashes.of(file);
        Map<String, Map<Bone, BonePrompt>> prompts = new HashMap<>(PromptsFile.read(file).images());
        ObjectNode root = (ObjectNode) JSON.readTree(file.toFile());
        if (!Hashes.of(file).equals(hash)) {
            throw new UserError("--prompts: " + file + " is being written by another program; try again");
        }
        return new Version(root, prompts, Optional.of(hash));
    }

    synchronized Map<Bone, BonePrompt> of(String image) {
        return version.prompts().getOrDefault(image, Map.of());
    }

    /** Counts the changes of an image's prompts since the start. */
    synchronized int revision(String image) {
        return revisions.getOrDefault(image, 0);
    }

    /** All of them, as they are now. */
    synchronized PromptsFile all() {
        return new PromptsFile(Map.copyOf(version.prompts()));
    }

    /**
     * Takes over what another program has written into the file. A file that was removed is written anew with the next
     * change.
     *
     * @throws Refusal when it is no prompts file any more
     */
    synchronized void refresh() throws IOException {
        if (!Files.exists(file) || version.hash().equals(Optional.of(Hashes.of(file)))) {
            return;
        }
        Version now;
        try {
            now = read();
        } catch (UserError e) {
            throw new Refusal(503, e.getMessage() + " (another program wrote this, and nothing is saved over it; "
                    + "correct the file or remove it, then try again)");
        }
        Set<String> images = new HashSet<>(version.prompts().keySet());
        images.addAll(now.prompts().keySet());
        for (String image : images) {
            if (!of(image).equals(now.prompts().getOrDefault(image, Map.of()))) {
                revisions.merge(image, 1, Integer::sum);
                changedOutside.add(image);
            }
        }
        version = now;
    }

    /**
     * Saves the prompts of an image.
     *
     * @param seen the revision that the change was made to
     * @return the new revision
     * @throws Refusal     when the prompts of the image have been changed elsewhere in the meantime
     * @throws IOException when the file cannot be written; then all is as before
     */
    synchronized int save(String image, Map<Bone, BonePrompt> bones, int seen) throws IOException {
        refresh();
        if (seen != revision(image)) {
            throw new Refusal(409, image + " was changed " + (changedOutside.contains(image)
                    ? "by another program, in " + file : "in another window") + "; nothing was saved");
        }
        ObjectNode written = JSON.createObjectNode();
        PromptsJson.write(bones, written);
        ObjectNode root = with(image, written);
        byte[] bytes = (JSON.writeValueAsString(root) + "\n").getBytes(StandardCharsets.UTF_8);
        AtomicFile.write(file, bytes);
        // as they are read again: to a tenth of a pixel, bones in order; exports are told apart by what this prints
        version.prompts().put(image, PromptsJson.read(written, image));
        version = new Version(root, version.prompts(), Optional.of(Hashes.of(bytes)));
        changedOutside.remove(image);
        return revisions.merge(image, 1, Integer::sum);
    }

    /** The file's tree with other bones of an image; what has not changed is shared. */
    private ObjectNode with(String image, ObjectNode bones) {
        ArrayNode images = JSON.createArrayNode().addAll((ArrayNode) version.root().get(IMAGES));
        int at = 0;
        while (at < images.size() && !images.get(at).path("file").asText().equals(image)) {
            at++;
        }
        ObjectNode entry = JSON.createObjectNode();
        if (at < images.size()) {
            entry.setAll((ObjectNode) images.get(at));
            images.set(at, entry);
        } else {
            images.add(entry.put("file", image));
        }
        entry.set(BONES, bones);
        ObjectNode root = JSON.createObjectNode();
        root.setAll(version.root());
        root.set(IMAGES, images);
        return root;
    }
}
