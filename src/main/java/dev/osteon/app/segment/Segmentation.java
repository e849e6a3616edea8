package dev.osteon.app.segment;

import dev.osteon.app.Hashes;
import dev.osteon.app.UserError;
import dev.osteon.app.image.GrayImage;
import dev.osteon.app.image.UnreadableImageException;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.run.Progress;
import dev.osteon.engine.DeviceFailedException;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.tensor.Device;
import dev.osteon.models.sam.SamDecoder;
import dev.osteon.models.sam.SamEncoder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.csv.CSVRecord;

/** A folder of radiographs made into a folder of bone segments; goes on where an earlier call stopped. */
public final class Segmentation {

    /**
     * What is asked for.
     *
     * @param images  folder of radiographs, with subfolders
     * @param out     folder of the results
     * @param steps   what is done beyond the decoder's first mask
     * @param subject finds the subject in a file's name without its ending, or, when it has a slash, in the file's path
     *                below the folder: the first group, else the whole match
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
    public record Outcome(int done, int reused, List<String> failed, List<String> attention) {

        /** In a line. */
        public String summary() {
            return done + " images segmented, " + reused + " done before, " + failed.size() + " failed";
        }
    }

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
     * What {@link #run} will do, in a line: how many images, with what, and what an earlier call left to go on from.
     *
     * @throws UserError when there is no image
     */
    public String plan(SamFiles sam, Device device) throws IOException {
        RadiographFolder radiographs = RadiographFolder.of(settings.images(), settings.out());
        long before = radiographs.images().keySet().stream().filter(folder::hasRows).count();
        int embeddings = folder.embeddings();
        return radiographs.images().size() + " images of " + settings.images() + " to " + settings.out() + ", model "
                + sam.encoder().toAbsolutePath().normalize().getParent() + " on " + device
                + (before == 0 ? "" : "; results of an earlier call: " + before + " images")
                + (embeddings == 0 ? "" : "; kept embeddings: " + embeddings);
    }

    /**
     * Segments every image; one that cannot be read or segmented is told and left out. What concerns all images ends
     * it at once; then, and when no image could be done, the tables of an earlier call are left as they are.
     *
     * @throws UserError   when there is no image, none has a prompt, or none could be done
     * @throws IOException when the results cannot be written
     */
    public Outcome run(SamFiles sam, Prompting prompting, Device device) throws IOException {
        RadiographFolder radiographs = RadiographFolder.of(settings.images(), settings.out());
        Map<String, Path> images = radiographs.images();
        prompting.check(radiographs.paths());
        Map<String, String> subjects = radiographs.subjects(settings.subject());
        String encoderHash = Hashes.of(sam.encoder());
        String both = encoderHash + Hashes.of(sam.decoder()) + settings.steps();
        progress.begin("segmenting");
        try (SamEncoder encoder = SamEncoder.load(sam.encoder(), device);
                SamDecoder decoder = SamDecoder.load(sam.decoder(), device)) {
            Embeddings embeddings = new Embeddings(encoder, encoderHash, folder.resolve(SegmentFolder.EMBEDDINGS));
            BoneSegmenter segmenter = new BoneSegmenter(embeddings, decoder, settings.steps());
            int at = 0;
            for (Map.Entry<String, Path> image : images.entrySet()) {
                String relative = radiographs.relative(image.getValue());
                one(new Source(image.getKey(), image.getValue(), relative, subjects.get(relative)), both, prompting,
                        segmenter);
                progress.update(++at, images.size(), "images", image.getKey());
            }
        } finally {
            progress.end();
        }
        if (done + reused == 0) {
            throw new UserError(settings.images() + ": none of " + images.size() + " images could be segmented; first: "
                    + failed.getFirst());
        }
        folder.writeTable(rows);
        writePrompts();
        return new Outcome(done, reused, List.copyOf(failed), List.copyOf(attention));
    }

    /**
     * One radiograph.
     *
     * @param name     what its results are called
     * @param relative its path below the folder of images
     */
    private record Source(String name, Path file, String relative, String subject) {}

    private void one(Source source, String models, Prompting prompting, BoneSegmenter segmenter) throws IOException {
        try {
            done(source, models, prompting, segmenter);
        } catch (UnreadableImageException | UserError e) {   // these name the image
            fail(e.getMessage());
        } catch (DeviceFailedException e) {
            throw e;
        } catch (UncheckedIOException e) {
            throw e.getCause();
        } catch (EngineException e) {
            fail(source.relative() + ": " + e.getMessage());
        } catch (OutOfMemoryError e) {
            fail(source.relative() + ": not enough memory for this image; give more, as with OSTEON_OPTS=-Xmx8g, "
                    + "or make the image smaller");
        } catch (RuntimeException | StackOverflowError e) {   // what it says may be of the image, where it was is not
            fail(source.relative() + ": left out by an internal error, " + e.getClass().getSimpleName() + " in "
                    + Arrays.stream(e.getStackTrace()).filter(at -> at.getClassName().startsWith("dev.osteon."))
                            .findFirst().map(at -> at.getFileName() + ":" + at.getLineNumber()).orElse("a library")
                    + "; please report it");
        }
    }

    private void done(Source source, String models, Prompting prompting, BoneSegmenter segmenter) throws IOException {
        String relative = source.relative();
        GrayImage image = RadiographFolder.read(source.file());
        Prompting.Placed placed = prompting.place(relative, image);
        String key = Hashes.of(image, models + placed.bones() + source.subject());
        Optional<List<CSVRecord>> before = folder.done(source.name(), key, relative);
        List<CSVRecord> all;
        if (before.isPresent()) {
            all = before.get();
            reused++;
        } else {
            Map<Bone, BoneSegment> segments = segmenter.segment(image, placed.bones());
            all = folder.write(source.name(), key, relative, source.subject(), image, segments, placed);
            done++;
        }
        rows.addAll(all);
        used.put(relative, placed.bones());
        placed.notes().forEach(note -> attention.add(relative + ": " + note));
        for (Bone bone : Bone.values()) {
            String flags = SegmentFolder.field(all.get(bone.ordinal()), "flags");
            lookAt(bone, placed, flags).ifPresent(what -> attention.add(relative + ", " + bone.label() + ": " + what));
        }
    }

    /** What a person should look at of a bone; that it has no prompt is not told twice. */
    private static Optional<String> lookAt(Bone bone, Prompting.Placed placed, String flags) {
        Optional<String> doubt = Optional.ofNullable(placed.doubts().get(bone));
        boolean told = doubt.isPresent() || placed.bones().isEmpty() && !placed.notes().isEmpty();
        String seen = told && flags.equals(SegmentFolder.NO_PROMPT) ? "" : flags;
        return Optional.of(Stream.concat(doubt.stream(), Stream.of(seen)).filter(part -> !part.isEmpty())
                .collect(Collectors.joining("; "))).filter(line -> !line.isEmpty());
    }

    /** The prompts of this call; an older file with prompts of other images is kept, as a person may have made them. */
    private void writePrompts() throws IOException {
        Path file = folder.resolve("prompts.json");
        if (Files.exists(file) && !used.keySet().containsAll(images(file))) {
            Files.copy(file, folder.resolve("prompts-before.json"), StandardCopyOption.REPLACE_EXISTING);
        }
        new PromptsFile(used).write(file);
    }

    /** The images that a prompts file names; "" when it is damaged, which no image is called. */
    private static Set<String> images(Path file) {
        try {
            return PromptsFile.read(file).images().keySet();
        } catch (UserError damaged) {
            return Set.of("");
        }
    }

    private void fail(String line) {
        failed.add(line);
        progress.say("osteon: " + line);
    }
}
