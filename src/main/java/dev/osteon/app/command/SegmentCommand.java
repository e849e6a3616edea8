package dev.osteon.app.command;

import dev.osteon.app.UserError;
import dev.osteon.app.run.Devices;
import dev.osteon.app.run.Progress;
import dev.osteon.app.segment.LabelMatch;
import dev.osteon.app.segment.LabelTable;
import dev.osteon.app.segment.Prompting;
import dev.osteon.app.segment.RadiographFolder;
import dev.osteon.app.segment.SamFiles;
import dev.osteon.app.segment.SegmentTruth;
import dev.osteon.app.segment.Segmentation;
import dev.osteon.app.segment.Step;
import dev.osteon.engine.tensor.Device;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code osteon segment}: from radiographs to bone segments. */
@Command(name = "segment", description = "Cuts ulna, radius and metacarpals out of hand and wrist radiographs.",
        exitCodeListHeading = "%nExit codes:%n", exitCodeList = {"0:All images are segmented.", "1:Some images failed, "
                + "as told; the others are segmented, and the same call tries again those that failed.",
            "2:Nothing can be done before something is mended."},
        footer = {"", "Examples:", "  osteon segment --images radiographs --prompts prompts.json --out segments",
            "  osteon segment --images radiographs --labels scores.csv --out segments",
            "  osteon run --data segments"})
public final class SegmentCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @Mixin
    private SegmentOptions options = new SegmentOptions();

    @Option(names = "--images", required = true, paramLabel = "DIR", description = "Folder with radiographs.")
    private Path images;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder for the segments; goes on "
            + "where an earlier call stopped.")
    private Path out;

    @Option(names = "--labels", paramLabel = "CSV", description = "T-scores by subject (columns subject, t_score): "
            + "writes labels.csv, so that osteon run --data can use the folder.")
    private Optional<Path> labels;

    @Option(names = "--steps", split = ",", paramLabel = "STEP", description = "What is done beyond the decoder's "
            + "first mask: all (default), none, or some of valleys, second-pass, zoom, choice, cleanup.")
    private List<String> steps = List.of("all");

    @Option(names = "--truth", paramLabel = "DIR", description = "Folder with true masks NAME_BONE.png, as a phantom's "
            + "masks: prints the Dice coefficient of each bone.")
    private Optional<Path> truth;

    @Option(names = "--device", defaultValue = "auto", description = "auto (default), cpu, reference or cuda.")
    private String device;

    @Override
    public Integer call() throws IOException {
        PrintWriter print = spec.commandLine().getOut();
        Optional<LabelTable> table = labels.isPresent() ? Optional.of(LabelTable.read(labels.get())) : Optional.empty();
        Optional<SegmentTruth> masks = truth.isPresent() ? Optional.of(SegmentTruth.in(truth.get())) : Optional.empty();
        Segmentation.Settings settings = new Segmentation.Settings(images, out, chosen(), options.subjectPattern());
        Progress progress = Progress.onConsole();
        if (table.isPresent()) {
            LabelMatch match = table.get().match(RadiographFolder.of(images, out).subjects(settings.subject()));
            if (!match.isComplete()) {
                progress.say("--labels: " + match.describe());
            }
        }
        SamFiles sam = options.sam();
        Prompting prompting = options.prompting();
        Device on = Devices.choose(device, 0);
        Segmentation segmentation = new Segmentation(settings, progress);
        progress.say(options.describe(segmentation, on));
        Segmentation.Outcome outcome = segmentation.run(sam, prompting, on);
        outcome.attention().forEach(line -> print.println("look at " + line));
        print.printf("%s; %s%n", outcome.summary(), out.resolve("segments.csv"));
        if (table.isPresent()) {
            print.printf("%s; %s%n", table.get().join(out), out.resolve("labels.csv"));
        }
        if (masks.isPresent()) {
            masks.get().compare(out).forEach(print::println);
        }
        print.flush();
        return outcome.failed().isEmpty() ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
    }

    private Set<Step> chosen() {
        if (steps.equals(List.of("all"))) {
            return EnumSet.allOf(Step.class);
        }
        Set<Step> chosen = EnumSet.noneOf(Step.class);
        for (String name : steps) {
            if (!name.equals("none")) {
                chosen.add(Arrays.stream(Step.values()).filter(step -> step.label().equals(name)).findFirst()
                        .orElseThrow(() -> new UserError("--steps: given " + name + "; expected all, none or some of "
                                + Arrays.stream(Step.values()).map(Step::label).collect(Collectors.joining(", ")))));
            }
        }
        return chosen;
    }
}
