package dev.osteon.app.run;

import dev.osteon.app.UserError;
import dev.osteon.app.config.ConfigFile;
import dev.osteon.app.config.RunConfig;
import dev.osteon.app.data.LabelsFile;
import dev.osteon.app.data.Sample;
import dev.osteon.app.data.Samples;
import dev.osteon.app.phantom.Bone;
import dev.osteon.app.phantom.PhantomConfig;
import dev.osteon.app.phantom.PhantomDataset;
import dev.osteon.app.report.HtmlReport;
import dev.osteon.app.report.RunResult;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.models.EncoderWithHead;
import dev.osteon.models.ResNetSpec;
import dev.osteon.nn.Checkpoint;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Larc;
import dev.osteon.nn.RunState;
import dev.osteon.nn.schedule.SwavSchedule;
import dev.osteon.ssl.collapse.SwavAdvice;
import dev.osteon.ssl.data.Segment;
import dev.osteon.ssl.data.SegmentStore;
import dev.osteon.ssl.loss.SslMethod;
import dev.osteon.ssl.metrics.BinaryMetrics;
import dev.osteon.ssl.metrics.Bootstrap;
import dev.osteon.ssl.metrics.Interval;
import dev.osteon.ssl.metrics.Splits;
import dev.osteon.ssl.train.Features;
import dev.osteon.ssl.train.LinearProbe;
import dev.osteon.ssl.train.LogisticProbe;
import dev.osteon.ssl.train.PretextModel;
import dev.osteon.ssl.train.PretextTrainer;
import dev.osteon.ssl.train.SgdProbe;
import dev.osteon.ssl.views.ExtendedMultiCrop;
import dev.osteon.ssl.views.MultiCrop;
import dev.osteon.ssl.views.RandomResizedCrop;
import dev.osteon.ssl.views.View;
import dev.osteon.ssl.views.ViewPolicy;
import dev.osteon.ssl.views.ViewStatistics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The whole of it: segments, views, pretext training, linear probe on the frozen encoder, evaluation, report. Every
 * stage leaves its files in the run's folder.
 */
public final class Run {

    private static final int PICTURES = 4;

    private final RunConfig config;
    private final RunFolder folder;
    private final Progress progress;
    private final Map<String, Double> timing = new LinkedHashMap<>();
    private volatile int epochs;
    private volatile boolean ended;

    public Run(RunConfig config, RunFolder folder, Progress progress) {
        this.config = config;
        this.folder = folder;
        this.progress = progress;
    }

    /**
     * Runs to the end and returns what the report shows. Ended from outside (Ctrl-C), or by an error, it leaves the
     * curves and the checkpoint of the last whole epoch, and a status that says so.
     *
     * @throws UserError for what the user can mend, too little memory or disk space among it
     */
    public RunResult execute() throws IOException {
        folder.writeText("config.yaml", ConfigFile.toYaml(config));
        folder.status("running", "since " + Instant.now());
        Thread onInterrupt = new Thread(this::interrupted);
        Runtime.getRuntime().addShutdownHook(onInterrupt);
        try {
            RunResult result = stages();
            folder.status("finished", "");
            ended = true;
            return result;
        } catch (IOException | RuntimeException e) {
            failed(e);
            throw e;
        } catch (OutOfMemoryError e) {
            UserError error = new UserError("the Java heap is full (" + (Runtime.getRuntime().maxMemory() >> 20)
                    + " MiB); lower data.longestSide (now " + config.data().longestSide() + ") or data.subjects, or "
                    + "set OSTEON_OPTS=-Xmx… if the machine has more memory", e);
            failed(error);
            throw error;
        } finally {
            progress.end();
            if (ended) {
                forget(onInterrupt);
            }
        }
    }

    private void failed(Exception e) {
        try {
            folder.status("failed", String.valueOf(e.getMessage()));
        } catch (UserError unwritable) {
            e.addSuppressed(unwritable);   // as on a full disk: the first error is the one to tell
        }
        ended = true;
    }

    private static boolean forget(Thread hook) {
        try {
            return Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return false;   // the process is ending; the hook will find that the run has, too
        }
    }

    private void interrupted() {
        if (ended) {
            return;
        }
        try {
            folder.seal("interrupted", epochs == 0 ? "before the end of the first epoch; there is no checkpoint"
                    : "the checkpoint holds epoch " + epochs + " of " + config.pretrain().epochs());
            progress.say("osteon: interrupted; what was reached is in " + folder.path());
        } catch (UserError unwritable) {
            progress.say("osteon: interrupted; " + unwritable.getMessage());
        }
    }

    private interface Stage<T> {
        T run() throws IOException;
    }

    private <T> T timed(String name, Stage<T> stage) throws IOException {
        long start = System.nanoTime();
        T result = stage.run();
        timing.put(name, (System.nanoTime() - start) / 1e9);
        progress.end();
        return result;
    }

    private RunResult stages() throws IOException {
        Device device = Devices.choose(config.device(), config.threads());
        Samples samples = timed("data", this::samples);
        SegmentLoader loader = new SegmentLoader(config.data().longestSide());
        List<Segment> segments = timed("reading", () -> loader.load(samples.samples(), progress));
        Splits splits = split(samples);
        progress.say(describe(samples, splits));
        ViewPolicy policy = policy();
        ViewStatistics statistics = new ViewStatistics();
        ResNetSpec backbone = backbone(config);
        try (SegmentStore store = new SegmentStore(segments, device, splits.train());
                EncoderWithHead model = new EncoderWithHead(Initializer.on(device, DType.F32, config.seed()), backbone,
                        new Methods(config).head(backbone.features()))) {
            List<PretextTrainer.Epoch> curve = timed("pretraining",
                    () -> pretrain(model, store, splits, policy, statistics, labels(samples)));
            Features features = timed("features",
                    () -> Features.of(model.backbone(), store, config.probe().size()));
            LinearProbe.Fit fit = timed("linear probe", () -> probe(device).fit(features, labels(samples), splits));
            writeProbeCurve(fit);
            RunResult result = timed("evaluation", () -> evaluate(samples, splits, fit, curve, store, policy,
                    statistics,
                    device));
            MetricsFile.write(folder, result);
            folder.write("report.html", to -> HtmlReport.write(result, to));
            return result;
        }
    }

    /** The encoder that a configuration asks for. */
    static ResNetSpec backbone(RunConfig config) {
        return ResNetSpec.named(config.encoder().architecture()).withInputChannels(1)
                .withWidth(config.encoder().width()).withStem(config.encoder().stem());
    }

    private Samples samples() throws IOException {
        RunConfig.Data data = config.data();
        if (!data.folder().isEmpty()) {
            Samples samples = LabelsFile.read(Path.of(data.folder()), data.task());
            requireRoom(samples.samples().size());
            return samples;
        }
        requireRoom((long) data.subjects() * Bone.values().length);
        Path phantom = folder.resolve("phantom");
        progress.begin("phantom");
        PhantomDataset.generate(new PhantomConfig(data.subjects(), config.seed(), data.phantomScale()), phantom,
                (done, total) -> progress.update(done, total, "subjects", ""));
        return LabelsFile.read(phantom, data.task());
    }

    private void requireRoom(long segments) throws IOException {
        Requirements requirements = Requirements.of(config, backbone(config), segments);
        requirements.check(Memory.now());
        requirements.checkDisk(folder);
    }

    private static int[] labels(Samples samples) {
        return samples.samples().stream().mapToInt(Sample::label).toArray();
    }

    private static List<String> subjects(Samples samples) {
        return samples.samples().stream().map(Sample::subject).toList();
    }

    private static String notes(Samples samples) {
        return (samples.leftOut().isEmpty() ? "" : "; left out: " + samples.leftOut())
                + (samples.notes().isEmpty() ? "" : "; " + samples.notes());
    }

    private Splits split(Samples samples) {
        List<String> groups = config.data().split() == RunConfig.Data.SplitBy.SUBJECT ? subjects(samples)
                : IntStream.range(0, samples.samples().size()).mapToObj(String::valueOf).toList();
        return Splits.stratified(labels(samples), groups, config.seed());
    }

    private static String describe(Samples samples, Splits splits) {
        return String.format(Locale.ROOT, "%d segments of %d subjects, %d of class osteoporosis; split %d / %d / %d%s",
                samples.samples().size(), samples.subjects(), samples.count(1),
                splits.train().size(), splits.validation().size(), splits.test().size(),
                notes(samples));
    }

    private ViewPolicy policy() {
        RunConfig.Views v = config.views();
        MultiCrop crops = new MultiCrop(
                new MultiCrop.Resolution(v.globalCount(), v.globalSize(),
                        new RandomResizedCrop(v.globalMinScale(), v.globalMaxScale())),
                new MultiCrop.Resolution(v.localCount(), v.localSize(),
                        new RandomResizedCrop(v.localMinScale(), v.localMaxScale())), v.rotationDegrees());
        return v.sampling() == RunConfig.Views.Sampling.PLAIN ? crops
                : new ExtendedMultiCrop(crops, v.minShare(), v.maxTries());
    }

    private List<PretextTrainer.Epoch> pretrain(EncoderWithHead model, SegmentStore store, Splits splits,
            ViewPolicy policy, ViewStatistics statistics, int[] classes) {
        RunConfig.Pretrain p = config.pretrain();
        int[] train = splits.train().stream().mapToInt(Integer::intValue).toArray();
        int steps = PretextTrainer.stepsPerEpoch(train.length, Math.min(p.batch(), train.length));
        SwavSchedule schedule = new SwavSchedule(0, p.learningRate(), p.finalLearningRate(),
                Math.min(p.warmupEpochs(), Math.max(0, p.epochs() - 1)) * steps, Math.max(1, p.epochs() * steps));
        List<PretextTrainer.Epoch> curve = new ArrayList<>();
        folder.append("curves.csv", "phase,epoch,loss,learning_rate,train_auc,validation_loss,validation_auc\n");
        progress.begin("pretraining");
        SwavAdvice data = new SwavAdvice(train.length, Math.min(p.batch(), train.length), Math.max(1, p.epochs()));
        Methods methods = new Methods(config);
        methods.advice(data).forEach(progress::say);
        Initializer init = Initializer.on(store.device(), DType.F32, config.seed());
        Larc.Settings settings = new Larc.Settings(p.momentum(), p.trust(), 1e-8, p.larc());
        try (SslMethod method = methods.create(init, data);
                Larc larc = Larc.of(new PretextModel(model, method), p.weightDecay(), settings)) {
            PretextTrainer trainer = new PretextTrainer(model, method, policy, store, Optional.of(classes), larc,
                    schedule, new PretextTrainer.Settings(p.epochs(), p.batch(), config.seed()), statistics);
            trainer.train(train, new PretextTrainer.Listener() {
                @Override
                public void step(int epoch, int step, int stepsPerEpoch, double loss) {
                    long done = (long) epoch * stepsPerEpoch + step + 1;
                    int batch = Math.min(p.batch(), train.length);
                    progress.update(done * batch, (long) p.epochs() * stepsPerEpoch * batch, "images",
                            String.format(Locale.ROOT, "epoch %d/%d  loss %.4f", epoch + 1, p.epochs(), loss));
                }

                @Override
                public void epoch(PretextTrainer.Epoch epoch) {
                    curve.add(epoch);
                    RunState state = new RunState(epoch.number() + 1, (long) (epoch.number() + 1) * steps,
                            Map.of("seed", config.seed()), Map.of("yaml", ConfigFile.toYaml(config)),
                            Provenance.facts(config));
                    folder.append("curves.csv", String.format(Locale.ROOT, "pretext,%d,%.6g,%.6g,,,%n",
                            epoch.number() + 1, epoch.loss(), epoch.learningRate()));
                    folder.write("checkpoint", to -> {
                        Checkpoint.write(to, new PretextModel(model, method), larc, state);
                        epochs = epoch.number() + 1;
                    });
                }
            });
        }
        return curve;
    }

    private LinearProbe probe(Device device) {
        RunConfig.Probe p = config.probe();
        return switch (p.solver()) {
            case LBFGS -> LogisticProbe.overPenalties(p.epochs());
            case SGD -> new SgdProbe(new SgdProbe.Settings(p.epochs(), p.batch(), p.learningRate(), p.weightDecay(),
                    config.seed()), device);
        };
    }

    private void writeProbeCurve(LinearProbe.Fit fit) throws IOException {
        StringBuilder lines = new StringBuilder();
        for (LinearProbe.Point point : fit.curve()) {
            lines.append(String.format(Locale.ROOT, "probe,%.6g,%.6g,,%.6g,%.6g,%.6g%n", point.at(), point.trainLoss(),
                    point.trainAuc(), point.validationLoss(), point.validationAuc()));
        }
        folder.append("curves.csv", lines.toString());
        folder.writeJson("probe.json", Map.of("weight", fit.weight(), "bias", fit.bias(), "chosen",
                Map.of(fit.axis(), fit.curve().get(fit.chosen()).at())));
    }

    private RunResult evaluate(Samples samples, Splits splits, LinearProbe.Fit fit, List<PretextTrainer.Epoch> curve,
            SegmentStore store, ViewPolicy policy, ViewStatistics statistics, Device device) throws IOException {
        int[] labels = labels(samples);
        List<String> subjects = subjects(samples);
        Evaluation validation = Evaluation.of(splits.validation(), labels, fit.scores(), subjects);
        Evaluation test = Evaluation.of(splits.test(), labels, fit.scores(), subjects);
        Bootstrap bootstrap = new Bootstrap(config.evaluation().resamples(), config.seed());
        double threshold = validation.threshold(config.evaluation().threshold());
        Map<String, Map<String, Interval>> figures = new LinkedHashMap<>();
        figures.put("test", test.figures(threshold, bootstrap));
        double subjectThreshold = validation.bySubject().threshold(config.evaluation().threshold());
        figures.put("test per subject", test.bySubject().figures(subjectThreshold, bootstrap));
        figures.put("validation", validation.figures(threshold, bootstrap));
        Map<String, String> facts = new LinkedHashMap<>(Provenance.facts(config));
        facts.put("data hash (SHA-256)", samples.dataHash());
        facts.put("device", device.toString());
        return new RunResult(config, List.of(part("train", splits.train(), samples),
                part("validation", splits.validation(), samples), part("test", splits.test(), samples)), figures,
                threshold, BinaryMetrics.roc(test.labels(), test.scores()), curve, fit,
                pictures(samples, splits, store, policy), statistics.toString(), timing, facts);
    }

    private static RunResult.Part part(String name, List<Integer> rows, Samples samples) {
        List<Sample> of = rows.stream().map(samples.samples()::get).toList();
        return new RunResult.Part(name, of.size(), (int) of.stream().map(Sample::subject).distinct().count(),
                of.stream().filter(s -> s.label() == 1).count());
    }

    private List<RunResult.Picture> pictures(Samples samples, Splits splits, SegmentStore store, ViewPolicy policy) {
        List<RunResult.Picture> pictures = new ArrayList<>();
        Philox random = Philox.of(config.seed()).fork("pictures");
        int[] order = random.permutation(splits.train().size());
        for (int i = 0; i < Math.min(PICTURES, order.length); i++) {
            int n = splits.train().get(order[i]);
            Segment segment = store.segment(n);
            List<byte[]> views = new ArrayList<>();
            for (View view : policy.draw(segment.geometry(), random.fork(n), new ViewStatistics())) {
                views.add(Pictures.png(store.picture(n, view), view.size(), view.size()));
            }
            Sample sample = samples.samples().get(n);
            pictures.add(new RunResult.Picture(sample.subject() + " " + sample.bone().orElse("") + ", "
                    + (sample.label() == 1 ? "osteoporosis" : "no osteoporosis"),
                    Pictures.png(segment.pixels(), segment.height(), segment.width()), views));
        }
        return pictures;
    }
}
