package dev.osteon.app.segment;

import dev.osteon.app.UserError;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.UnreadableImageException;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.run.Progress;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.tensor.Device;
import dev.osteon.models.sam.SamDecoder;
import dev.osteon.models.sam.SamEncoder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVRecord;

/** A folder of radiographs made into a folder of bone segments; goes on where an earlier call stopped. */
public final class Segmentation {

    /**
     * What is asked for.
     *
     * @param images  folder of radiographs, with subfolders
     * @param out     folder of the results
     * @param steps   what is done beyond the decoder's first mask
     * @param subject finds the subject in a file's name without its ending: the first group, else the whole match
     */
    public record Settings(Path images, Path out, Set<Step> steps, Pattern subject) {}

    /**
     * What came of it.
     *
     * @param done     images segmented by this call
     * @param reused   images that were done before
     * @param failed   one line for each image that could not be done
     * @param attention one line for each thing that a person should look at
     */
    public record Outcome(int done, int reused, List<String> failed, List<String> attention) {}

    private final Settings settings;
    private final SegmentFolder folder;
    private final Progress progress;
    private final List<CSVRecord> rows = new ArrayList<>();
    private final List<String> failed = new ArrayList<>();
    private final List<String> attention = new ArrayList<>();
    private final Map<String, Map<Bone, BonePrompt>> used = new LinkedHashMap<>();
    private int done;
    private int reused;

    public Segmentation(Settings settings, Progress progress) throws IOException {
        this.settings = settings;
        this.progress = progress;
        this.folder = new SegmentFolder(settings.out());
    }

    /**
     * Segments every image; one that cannot be read or segmented is told and left out.
     *
     * @throws UserError when there is no image, or none could be done
     */
    public Outcome run(SamFiles sam, Prompting prompting, Device device) throws IOException {
        RadiographFolder radiographs = RadiographFolder.of(settings.images(), settings.out());
        Map<String, Path> images = radiographs.images();
        String encoderHash = Hashes.of(sam.encoder());
        String both = encoderHash + Hashes.of(sam.decoder()) + settings.steps();
        progress.begin("segmenting");
        try (SamEncoder encoder = SamEncoder.load(sam.encoder(), device);
                SamDecoder decoder = SamDecoder.load(sam.decoder(), device)) {
            Embeddings embeddings = new Embeddings(encoder, encoderHash, folder.resolve("embeddings"));
            BoneSegmenter segmenter = new BoneSegmenter(embeddings, decoder, settings.steps());
            int at = 0;
            for (Map.Entry<String, Path> image : images.entrySet()) {
                one(image.getKey(), image.getValue(), radiographs, both, prompting, segmenter);
                progress.update(++at, images.size(), "images", image.getKey());
            }
        }
        progress.end();
        folder.writeTable(rows);
        new PromptsFile(used).write(folder.resolve("prompts.json"));
        if (done + reused == 0) {
            throw new UserError(settings.images() + ": none of " + images.size() + " images could be segmented; first: "
                    + failed.getFirst());
        }
        return new Outcome(done, reused, List.copyOf(failed), List.copyOf(attention));
    }

    private void one(String name, Path file, RadiographFolder radiographs, String models, Prompting prompting,
            BoneSegmenter segmenter) throws IOException {
        String relative = radiographs.relative(file);
        try {
            GrayImage image = RadiographFolder.read(file);
            Prompting.Placed placed = prompting.place(relative, image);
            String key = Hashes.of(image, models + placed.bones() + subject(file));
            List<CSVRecord> before = folder.done(name, key).orElse(List.of());
            if (before.isEmpty()) {
                Map<Bone, BoneSegment> segments = segmenter.segment(image, placed.bones());
                before = folder.write(name, key, relative, subject(file), image, segments, placed);
                done++;
            } else {
                reused++;
            }
            rows.addAll(before);
            used.put(relative, placed.bones());
            placed.notes().forEach(note -> attention.add(relative + ": " + note));
            before.stream().filter(row -> !SegmentFolder.field(row, "flags").isEmpty()).forEach(row -> attention.add(
                    relative + ", " + SegmentFolder.field(row, "bone") + ": " + SegmentFolder.field(row, "flags")));
        } catch (UnreadableImageException e) {
            fail(e.getMessage());
        } catch (UserError | EngineException | IllegalArgumentException e) {
            fail(relative + ": " + e.getMessage());
        }
    }

    private void fail(String line) {
        failed.add(line);
        progress.say("osteon: " + line);
    }

    private String subject(Path file) {
        String stem = RadiographFolder.stem(file);
        Matcher matcher = settings.subject().matcher(stem);
        if (!matcher.find()) {
            return stem;
        }
        return matcher.groupCount() > 0 && matcher.group(1) != null ? matcher.group(1) : matcher.group();
    }
}
