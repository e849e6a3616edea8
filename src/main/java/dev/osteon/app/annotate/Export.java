package dev.osteon.app.annotate;

import dev.osteon.app.FileProblem;
import dev.osteon.app.UserError;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.run.Progress;
import dev.osteon.app.segment.Prompting;
import dev.osteon.app.segment.PromptsFile;
import dev.osteon.app.segment.RadiographFolder;
import dev.osteon.app.segment.SamFiles;
import dev.osteon.app.segment.Segmentation;
import dev.osteon.app.segment.Step;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.tensor.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Masks of all images as {@code osteon segment} makes them, and a COCO file of them, in the background. What has not
 * changed since the last export is not computed again.
 */
final class Export implements AutoCloseable {

    /** How far it is. */
    sealed interface State {
        /** No export was asked for. */
        record None() implements State {}

        /** Images done, of all. */
        record Running(long done, long total) implements State {}

        /** It is there; a line for each image that could not be done. */
        record Finished(ExportedFiles files, List<String> failed) implements State {}

        /** What went wrong. */
        record Failed(String reason) implements State {}
    }

    private static final Pattern ALL_OF_IT = Pattern.compile(".*");

    private final RadiographFolder radiographs;
    private final Path out;
    private final SamFiles sam;
    private final Device device;
    private final RightOfWay rightOfWay;
    private State state = new State.None();
    private Thread worker = new Thread(() -> { });

    Export(RadiographFolder radiographs, Path out, SamFiles sam, Device device, RightOfWay rightOfWay) {
        this.radiographs = radiographs;
        this.out = out;
        this.sam = sam;
        this.device = device;
        this.rightOfWay = rightOfWay;
    }

    synchronized State state() {
        return state;
    }

    private synchronized void set(State now) {
        state = now;
    }

    /** @throws Refusal when an export is running */
    synchronized void start(PromptsFile prompts) {
        if (state instanceof State.Running) {
            throw new Refusal(409, "an export is running; wait for it");
        }
        if (prompts.images().values().stream().allMatch(bones -> bones.isEmpty())) {
            throw new Refusal(409, "there are no prompts yet; place some points first");
        }
        state = new State.Running(0, radiographs.images().size());
        worker = Thread.ofPlatform().name("osteon-export").daemon().start(() -> run(prompts));
    }

    private void run(PromptsFile prompts) {
        try {
            Segmentation.Settings settings = new Segmentation.Settings(radiographs.folder(), out,
                    EnumSet.allOf(Step.class), ALL_OF_IT);
            Segmentation segmentation = new Segmentation(settings, Progress.to((done, total) ->
                    set(new State.Running(done, total))));
            Segmentation.Outcome outcome = rightOfWay.behind(() ->
                    segmentation.run(sam, Prompting.from(prompts), device));
            PromptsFile used = PromptsFile.read(out.resolve(ExportedFiles.PROMPTS));
            RadiographFolder found = RadiographFolder.of(radiographs.folder(), out);    // as it was segmented just now
            List<String> failed = new ArrayList<>(outcome.failed());
            failed.addAll(outdated(found, used));
            set(new State.Finished(new ExportedFiles(out, CocoFile.write(found, used, out)), failed));
        } catch (IOException e) {
            set(new State.Failed(FileProblem.describe(e)));
        } catch (UserError | EngineException e) {
            set(new State.Failed(e.getMessage()));
        } catch (RuntimeException | Error e) {
            set(new State.Failed("internal error: " + e));
        }
    }

    /** A line for each image that has masks of an earlier export only, since it could not be done this time. */
    private List<String> outdated(RadiographFolder found, PromptsFile used) {
        List<String> lines = new ArrayList<>();
        found.images().forEach((name, file) -> {
            String relative = found.relative(file);
            if (!used.images().containsKey(relative) && Arrays.stream(Bone.values())
                    .anyMatch(bone -> Files.exists(CocoFile.mask(out, name, bone)))) {
                lines.add(relative + ": its masks are of an earlier export and are left out");
            }
        });
        return lines;
    }

    /**
     * Masks, COCO file and prompts as one zip archive.
     *
     * @throws Refusal when no export is finished, or a file of it is missing
     */
    Reply.Body zip() {
        if (!(state() instanceof State.Finished finished)) {
            throw new Refusal(409, "no export is finished; begin one first");
        }
        return finished.files().archive();
    }

    /** Waits for an export that runs; it would go on where it stopped, but files are better whole. */
    @Override
    public void close() {
        try {
            worker.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
