package dev.osteon.app.run;

import dev.osteon.app.config.RunConfig;
import dev.osteon.app.data.LabelsFile;
import dev.osteon.app.data.Sample;
import dev.osteon.app.data.Samples;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.phantom.PhantomConfig;
import dev.osteon.app.phantom.PhantomDataset;
import dev.osteon.app.report.RunResult;
import dev.osteon.ssl.metrics.Splits;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/** Whom a run is about: the labelled samples, and which of them train, validate and test. */
record Cohort(Samples samples, Splits splits) {

    /**
     * From the configured folder, or from a phantom in the run's own, made here unless it is there.
     *
     * @throws dev.osteon.app.UserError when memory or disk will not do, before anything is made
     */
    static Cohort load(RunConfig config, RunFolder folder, Progress progress) throws IOException {
        RunConfig.Data data = config.data();
        Samples samples;
        if (data.folder().isEmpty()) {
            requireRoom(config, folder, (long) data.subjects() * Bone.values().length, progress);
            samples = LabelsFile.read(phantom(config, folder.resolve("phantom"), progress), data.task());
        } else {
            samples = LabelsFile.read(Path.of(data.folder()), data.task());
            requireRoom(config, folder, samples.samples().size(), progress);
        }
        List<String> groups = data.split() == RunConfig.Data.SplitBy.SUBJECT ? subjects(samples)
                : IntStream.range(0, samples.samples().size()).mapToObj(String::valueOf).toList();
        return new Cohort(samples, Splits.stratified(labels(samples), groups, config.seed()));
    }

    /** Generates the configured phantom, or completes it, and returns its folder. */
    static Path phantom(RunConfig config, Path folder, Progress progress) throws IOException {
        progress.begin("phantom");
        RunConfig.Data data = config.data();
        PhantomDataset.generate(new PhantomConfig(data.subjects(), config.seed(), data.phantomScale()), folder,
                (done, total) -> progress.update(done, total, "subjects", ""));
        return folder;
    }

    private static void requireRoom(RunConfig config, RunFolder folder, long segments, Progress progress)
            throws IOException {
        Requirements requirements = Requirements.of(config, Pretraining.backbone(config), segments);
        requirements.check(Memory.now());
        SegmentCache.ofUser(progress).requireRoom(segments, config.data().longestSide());
        requirements.checkDisk(folder);
    }

    private static int[] labels(Samples samples) {
        return samples.samples().stream().mapToInt(Sample::label).toArray();
    }

    private static List<String> subjects(Samples samples) {
        return samples.samples().stream().map(Sample::subject).toList();
    }

    /** 0 or 1, one for each sample. */
    int[] labels() {
        return labels(samples);
    }

    /** One for each sample. */
    List<String> subjects() {
        return subjects(samples);
    }

    /** Numbers of the training samples. */
    int[] train() {
        return splits.train().stream().mapToInt(Integer::intValue).toArray();
    }

    /** Sizes of the three parts. */
    List<RunResult.Part> parts() {
        return List.of(part("train", splits.train()), part("validation", splits.validation()),
                part("test", splits.test()));
    }

    private RunResult.Part part(String name, List<Integer> rows) {
        List<Sample> of = rows.stream().map(samples.samples()::get).toList();
        return new RunResult.Part(name, of.size(), (int) of.stream().map(Sample::subject).distinct().count(),
                of.stream().filter(s -> s.label() == 1).count());
    }

    /** One line for people. */
    String describe() {
        return String.format(Locale.ROOT,
                "%d segments of %d subjects, %d of class osteoporosis; split %d / %d / %d%s%s",
                samples.samples().size(), samples.subjects(), samples.count(1), splits.train().size(),
                splits.validation().size(), splits.test().size(),
                samples.leftOut().isEmpty() ? "" : "; left out: " + samples.leftOut(),
                samples.notes().isEmpty() ? "" : "; " + samples.notes());
    }
}
