package dev.osteon.app.command;

import dev.osteon.app.UserError;
import dev.osteon.app.config.ConfigFile;
import dev.osteon.app.config.RunConfig;
import dev.osteon.app.run.Devices;
import dev.osteon.app.run.Progress;
import dev.osteon.app.run.RunFolder;
import dev.osteon.app.segment.LabelMatch;
import dev.osteon.app.segment.LabelTable;
import dev.osteon.app.segment.Prompting;
import dev.osteon.app.segment.RadiographFolder;
import dev.osteon.app.segment.SamFiles;
import dev.osteon.app.segment.Segmentation;
import dev.osteon.app.segment.Step;
import dev.osteon.engine.tensor.Device;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options of commands that start a run, or go on with one. */
final class RunOptions {

    @Option(names = "--preset", paramLabel = "NAME",
            description = "smoke, quick (default) or paper.")
    private Optional<String> preset;

    @Option(names = "--config", paramLabel = "FILE", description = "YAML file with keys of the presets, like a run's "
            + "config.yaml. What it leaves out is the preset's; options and KEY=VALUE override it.")
    private Optional<Path> file;

    @Option(names = "--data", paramLabel = "DIR", description = "Folder with pictures and labels.csv.")
    private Optional<String> data;

    @Option(names = "--images", paramLabel = "DIR", description = "Folder with radiographs to begin with: bones are "
            + "cut out of them (osteon segment), and --labels has the T-scores.")
    private Optional<Path> images;

    @Option(names = "--labels", paramLabel = "CSV", description = "With --images: the columns subject and t_score.")
    private Optional<Path> labels;

    @Mixin
    private SegmentOptions segment = new SegmentOptions();

    @Option(names = "--task", description = "osteoporosis_vs_rest (default) or normal_vs_osteoporosis.")
    private Optional<String> task;

    @Option(names = "--method", description = "simclr (default), supcon (also learns from the training samples' "
            + "labels), swav, vicreg, or supervised, the baseline without pretext training.")
    private Optional<String> method;

    @Option(names = "--split", description = "subject (default: nobody is in two parts) or segment (the bones of one "
            + "person may be in training and in test, which makes the figures too good).")
    private Optional<String> split;

    @Option(names = "--out", paramLabel = "DIR",
            description = "New folder for the results (default: runs/PRESET-TIME, which goes again when the run fails "
                    + "before there is anything in it).")
    private Optional<String> out;

    @Option(names = "--resume", paramLabel = "DIR", description = "Goes on with the run in DIR where it stopped, with "
            + "the run's own configuration: the result is the same to the last bit as without the interruption.")
    private Optional<Path> resume;

    @Option(names = "--device", description = "auto (default), cpu, reference or cuda.")
    private Optional<String> device;

    @Option(names = "--threads",
            description = "Compute threads, 1 to 256, or 0 for all that the process may use (default).")
    private Optional<String> threads;

    @Option(names = "--precision", description = "What the encoder is trained in: auto (default; bf16 on a GPU, "
            + "float32 on the CPU), float32, bf16 or fp16: activations in 16 bits, parameters and losses in float32; "
            + "fp16 with a dynamic loss scale.")
    private Optional<String> precision;

    @Option(names = "--memory", description = "normal (default), or low: of the encoder's activations only the inputs "
            + "of its blocks are kept, and the rest is computed again in the backward pass: less than half of the "
            + "memory, a third more arithmetic, the same results.")
    private Optional<String> memory;

    @Option(names = "--micro-batch", paramLabel = "N", description = "Samples of a batch that are in memory at a time. "
            + "The loss is the whole batch's all the same; batch-norm's statistics are of N samples, and a step takes "
            + "one more forward pass.")
    private Optional<String> microBatch;

    @Option(names = "--seed", description = "Seed of everything random (default: 1).")
    private Optional<String> seed;

    @Parameters(arity = "0..*", paramLabel = "KEY=VALUE", description = "Overrides of the preset; config.yaml of a run "
            + "shows all keys.")
    private List<String> overrides = new ArrayList<>();

    /** A run's folder, which the caller closes, and its configuration. */
    record Chosen(RunFolder folder, RunConfig config) {}

    Chosen choose() throws IOException {
        List<String> all = overrides();
        if (images.isPresent()) {
            return fromRadiographs(images.get(), all);
        }
        if (resume.isEmpty()) {
            RunConfig config = ConfigFile.load(preset, file, all);
            return new Chosen(RunFolder.create(out.orElse(""), config.preset()), config);
        }
        if (!all.isEmpty() || preset.isPresent() || file.isPresent() || out.isPresent()) {
            throw new UserError("--resume: given together with other settings; expected it alone, as a run goes "
                    + "on with its own; start a new run for others");
        }
        RunFolder folder = RunFolder.open(resume.get());
        return new Chosen(folder, folder.config());
    }

    /** A run whose data are the segments of radiographs, made in its own folder. */
    private Chosen fromRadiographs(Path radiographs, List<String> all) throws IOException {
        if (data.isPresent() || resume.isPresent() || labels.isEmpty()) {
            throw new UserError("--images: given " + (labels.isEmpty() ? "without --labels" : "together with --data or "
                    + "--resume") + "; expected --images DIR --labels CSV");
        }
        RunConfig config = ConfigFile.load(preset, file, all);
        LabelTable table = LabelTable.read(labels.get());
        SamFiles sam = segment.sam();
        Prompting prompting = segment.prompting();
        Progress progress = Progress.onConsole();
        Path results = Path.of(out.orElse("runs")).resolve(RunFolder.BONES);   // --out may hold some of an earlier call
        LabelMatch match = table.match(RadiographFolder.of(radiographs, results).subjects(segment.subjectPattern()));
        match.require(config.data(), prompting);
        if (!match.isComplete()) {
            progress.say("--labels: " + match.describe());
        }
        Device on = Devices.choose(config.device(), config.threads());
        RunFolder folder = RunFolder.create(out.orElse(""), config.preset());
        try {
            Path bones = folder.resolve(RunFolder.BONES);
            folder.status("segmenting", radiographs.toString());
            Segmentation segmentation = new Segmentation(new Segmentation.Settings(radiographs, bones,
                    EnumSet.allOf(Step.class), segment.subjectPattern()), progress);
            progress.say(segment.describe(segmentation, on));
            Segmentation.Outcome outcome = segmentation.run(sam, prompting, on);
            outcome.attention().forEach(line -> progress.say("look at " + line));
            progress.say(outcome.summary() + "; " + table.join(bones) + "; overlays to look at in "
                    + bones.resolve("overlays"));
            all.add("data.folder=" + bones);
            return new Chosen(folder, ConfigFile.load(preset, file, all));
        } catch (IOException | RuntimeException e) {
            folder.abandon();
            throw e;
        }
    }

    private List<String> overrides() {
        List<String> all = new ArrayList<>(overrides);
        data.ifPresent(v -> all.add("data.folder=" + v));
        task.ifPresent(v -> all.add("data.task=" + v));
        split.ifPresent(v -> all.add("data.split=" + v));
        method.ifPresent(v -> all.add("method=" + v));
        device.ifPresent(v -> all.add("device=" + v));
        threads.ifPresent(v -> all.add("threads=" + v));
        precision.ifPresent(v -> all.add("precision=" + v));
        memory.ifPresent(v -> all.add("memory=" + v));
        microBatch.ifPresent(v -> all.add("pretrain.microBatch=" + v));
        seed.ifPresent(v -> all.add("seed=" + v));
        return all;
    }
}
