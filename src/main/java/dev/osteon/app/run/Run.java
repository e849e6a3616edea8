package dev.osteon.app.run;

import dev.osteon.app.UserError;
import dev.osteon.app.config.ConfigFile;
import dev.osteon.app.config.RunConfig;
import dev.osteon.app.data.Sample;
import dev.osteon.app.report.CurvePoint;
import dev.osteon.app.report.HtmlReport;
import dev.osteon.app.report.RunResult;
import dev.osteon.engine.DeviceFailedException;
import dev.osteon.engine.io.AtomicFile;
import dev.osteon.engine.tensor.Device;
import dev.osteon.models.EncoderWithHead;
import dev.osteon.nn.Parameter;
import dev.osteon.ssl.data.SegmentFile;
import dev.osteon.ssl.data.SegmentStore;
import dev.osteon.ssl.train.Features;
import dev.osteon.ssl.train.LinearProbe;
import dev.osteon.ssl.train.LogisticProbe;
import dev.osteon.ssl.train.SgdProbe;
import java.io.IOException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The whole of it: segments, views, pretext training, linear probe on the frozen encoder, evaluation, report. Every
 * stage leaves its files in the run's folder; what is there already of the training is not done again.
 */
public final class Run {

    /** How far a run goes. */
    public enum Until {
        /** The encoder is trained. */
        PRETRAINED,
        /** Its linear classifier, too. */
        PROBED,
        /** There are figures and a report. */
        EVALUATED
    }

    private final RunConfig config;
    private final RunFolder folder;
    private final Progress progress;
    private final Map<String, Double> timing = new LinkedHashMap<>();
    private final Pretraining pretraining;
    private volatile boolean ended;

    public Run(RunConfig config, RunFolder folder, Progress progress) {
        this.config = config;
        this.folder = folder;
        this.progress = progress;
        this.pretraining = new Pretraining(config, folder, progress);
    }

    /**
     * Runs to the point given and returns what the report shows, if it got that far. Ended from outside (Ctrl-C), or by
     * an error, it leaves the curves and the checkpoint of the last whole epoch, and a status that says so.
     *
     * @throws UserError for what the user can mend, too little memory or disk space among it
     */
    public Optional<RunResult> execute(Until until) throws IOException {
        folder.writeText("config.yaml", ConfigFile.toYaml(config));
        folder.status("running", "since " + Instant.now());
        Thread onInterrupt = new Thread(this::interrupted);
        Runtime.getRuntime().addShutdownHook(onInterrupt);
        try {
            Optional<RunResult> result = stages(until);
            folder.status(until == Until.EVALUATED ? RunFolder.FINISHED
                    : until.name().toLowerCase(java.util.Locale.ROOT), "");
            ended = true;
            return result;
        } catch (DeviceFailedException e) {
            DeviceFailedException told = new DeviceFailedException(e.getMessage() + "; " + reached(), e);
            failed(told);
            throw told;
        } catch (IOException | RuntimeException e) {
            failed(e);
            abandon(e);
            throw e;
        } catch (OutOfMemoryError e) {
            UserError error = new UserError("the Java heap is full (" + (Runtime.getRuntime().maxMemory() >> 20)
                    + " MiB); set OSTEON_OPTS=-Xmx… if the machine has more memory, or take fewer segments", e);
            failed(error);
            abandon(error);
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

    private void abandon(Exception e) {
        try {
            folder.abandon();
        } catch (IOException left) {
            e.addSuppressed(left);
        }
    }

    private static boolean forget(Thread hook) {
        try {
            return Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return false;   // the process is ending; the hook will find that the run has, too
        }
    }

    /** What there is to go on with, and how. */
    private String reached() {
        int epochs = pretraining.epochs();
        return (epochs == 0 ? "there is no checkpoint yet" : "the checkpoint holds epoch " + epochs + " of "
                + config.pretrain().epochs()) + "; osteon run --resume " + folder.path() + " goes on";
    }

    private void interrupted() {
        if (ended) {
            return;
        }
        try {
            folder.seal("interrupted", reached());
            progress.say("osteon: interrupted; " + reached());
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

    private Optional<RunResult> stages(Until until) throws IOException {
        Device device = Devices.choose(config.device(), config.threads());
        Cohort cohort = timed("data", () -> Cohort.load(config, folder, progress));
        try (SegmentFile segments = timed("reading", () -> segments(cohort))) {
            progress.say(cohort.describe());
            return stages(until, device, cohort, segments);
        }
    }

    private SegmentFile segments(Cohort cohort) throws IOException {
        return SegmentCache.ofUser(progress).open(cohort.samples().samples().stream().map(Sample::file).toList(),
                new SegmentLoader(config.data().longestSide(), config.threads()));
    }

    private Optional<RunResult> stages(Until until, Device device, Cohort cohort, SegmentFile segments)
            throws IOException {
        Curves curves = new Curves(folder, pretraining.epochs());
        try (SegmentStore store = new SegmentStore(segments, device, cohort.splits().train());
                EncoderWithHead network = Pretraining.network(config, device)) {
            timed("pretraining", () -> {
                pretraining.train(network, store, cohort, curves);
                return network;
            });
            if (until == Until.PRETRAINED) {
                return Optional.empty();
            }
            Features features = timed("features",
                    () -> Features.of(network.backbone(), store, config.probe().size()));
            Findings findings = new Findings(config, cohort, store, pretraining.precision(device));
            Classifier raw = timed("linear probe",
                    () -> classifier(network, store, features, cohort, curves));
            double[] scores = raw.scores(features);
            Classifier classifier = findings.decide(raw, scores);
            classifier.write(folder);
            if (until == Until.PROBED) {
                return Optional.empty();
            }
            RunResult result = timed("evaluation",
                    () -> findings.result(classifier, scores, curves.points(), timing));
            folder.writeText("test_scores.csv", findings.testScores(scores));
            MetricsFile.write(folder, result);
            folder.write(RunFiles.VIEWS, to -> AtomicFile.write(to, Pictures.sheet(result.pictures())));
            folder.write("report.html", to -> HtmlReport.write(result, to));
            return Optional.of(result);
        }
    }

    /** Of the supervised baseline the layer trained with the encoder; else a probe on the frozen one. */
    private Classifier classifier(EncoderWithHead network, SegmentStore store, Features features, Cohort cohort,
            Curves curves) {
        if (config.method() == RunConfig.Method.SUPERVISED) {
            return trained(network, store);
        }
        LinearProbe.Fit fit = probe(store.device()).fit(features, cohort.labels(), cohort.splits());
        fit.curve().forEach(p -> curves.add(new CurvePoint(CurvePoint.PROBE, p.at(), Map.of("train_loss", p.trainLoss(),
                "train_auc", p.trainAuc(), "validation_loss", p.validationLoss(), "validation_auc",
                p.validationAuc()))));
        return Classifier.of(fit, features.standardisation(cohort.train()), store.levels(), config.probe().size());
    }

    /** Softmax over two logits is the logistic function of their difference. */
    private Classifier trained(EncoderWithHead network, SegmentStore store) {
        Map<String, Parameter> head = network.head().parameters();
        double[] w = head.get("0.weight").tensor().toDoubles();          // [2, D]
        double[] b = head.get("0.bias").tensor().toDoubles();
        double[] weight = new double[w.length / 2];
        for (int k = 0; k < weight.length; k++) {
            weight[k] = w[weight.length + k] - w[k];
        }
        return new Classifier(weight, b[1] - b[0], store.levels(), config.probe().size(), 0.5, 0.5,
                "the layer trained with the encoder");
    }

    private LinearProbe probe(Device device) {
        RunConfig.Probe p = config.probe();
        return switch (p.solver()) {
            case LBFGS -> LogisticProbe.overPenalties(p.epochs(), p.classWeights());
            case SGD -> new SgdProbe(new SgdProbe.Settings(p.epochs(), p.batch(), p.learningRate(), p.weightDecay(),
                    p.classWeights(), config.seed()), device);
        };
    }
}
