package dev.osteon.app.run;

import dev.osteon.app.UserError;
import dev.osteon.app.config.ConfigFile;
import dev.osteon.app.config.RunConfig;
import dev.osteon.app.report.CurvePoint;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.views.RandomResizedCrop;
import dev.osteon.engine.views.Resolution;
import dev.osteon.models.EncoderWithHead;
import dev.osteon.models.ResNetSpec;
import dev.osteon.nn.Checkpoint;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Larc;
import dev.osteon.nn.Match;
import dev.osteon.nn.Optimizer;
import dev.osteon.nn.RunState;
import dev.osteon.nn.TrainingPrecision;
import dev.osteon.nn.schedule.SwavSchedule;
import dev.osteon.ssl.collapse.SwavAdvice;
import dev.osteon.ssl.data.SegmentStore;
import dev.osteon.ssl.loss.SslMethod;
import dev.osteon.ssl.train.PretextModel;
import dev.osteon.ssl.train.PretextTrainer;
import dev.osteon.ssl.views.ExtendedMultiCrop;
import dev.osteon.ssl.views.MultiCrop;
import dev.osteon.ssl.views.ViewPolicy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/**
 * The training of a run's encoder: a checkpoint after every epoch, and on from the one that is there, to the same bits
 * as without the interruption.
 */
final class Pretraining {

    static final String CHECKPOINT = "checkpoint";
    private static final double EPSILON = 1e-8;
    private static final String PRECISION = "precision";

    private final RunConfig config;
    private final RunFolder folder;
    private final Progress progress;
    private final int done;
    private final Optional<TrainingPrecision> begun;
    private volatile int epochs;

    Pretraining(RunConfig config, RunFolder folder, Progress progress) {
        this.config = config;
        this.folder = folder;
        this.progress = progress;
        Optional<Checkpoint> checkpoint = opened();
        this.done = checkpoint.map(c -> c.run().epoch()).orElse(0);
        this.begun = checkpoint.map(c -> TrainingPrecision.valueOf(c.run().config()
                .getOrDefault(PRECISION, TrainingPrecision.FLOAT32.name())));
        this.epochs = done;
    }

    private Optional<Checkpoint> opened() {
        try {
            Path path = folder.resolve(CHECKPOINT);
            return Checkpoint.exists(path) ? Optional.of(Checkpoint.open(path)) : Optional.empty();
        } catch (IOException | EngineException e) {
            throw new UserError("the run's checkpoint cannot be read: " + e.getMessage(), e);
        }
    }

    /** Epochs that the checkpoint in the folder holds. */
    int epochs() {
        return epochs;
    }

    /** What the encoder is trained in on a device: what it was begun in, if it was. */
    PrecisionChoice precision(Device device) {
        return PrecisionChoice.of(config.precision(), device, begun);
    }

    /** The encoder that a configuration asks for. */
    static ResNetSpec backbone(RunConfig config) {
        return ResNetSpec.named(config.encoder().architecture()).withInputChannels(1)
                .withWidth(config.encoder().width()).withStem(config.encoder().stem());
    }

    /** The network of a configuration with fresh weights. */
    static EncoderWithHead network(RunConfig config, Device device) {
        ResNetSpec backbone = backbone(config);
        return new EncoderWithHead(Initializer.on(device, DType.F32, config.seed()), backbone,
                new Methods(config).head(backbone.features()), config.memory().activations());
    }

    /** The views of a configuration. */
    static ViewPolicy policy(RunConfig config) {
        RunConfig.Views v = config.views();
        MultiCrop crops = new MultiCrop(
                new Resolution(v.globalCount(), v.globalSize(),
                        new RandomResizedCrop(v.globalMinScale(), v.globalMaxScale())),
                new Resolution(v.localCount(), v.localSize(),
                        new RandomResizedCrop(v.localMinScale(), v.localMaxScale())), v.rotationDegrees());
        return v.sampling() == RunConfig.Views.Sampling.PLAIN ? crops
                : new ExtendedMultiCrop(crops, v.minShare(), v.maxTries());
    }

    /** Trains the network, or what its checkpoint left of the training, and adds to the curves. */
    void train(EncoderWithHead model, SegmentStore store, Cohort cohort, Curves curves) throws IOException {
        RunConfig.Pretrain p = config.pretrain();
        int[] train = cohort.train();
        int batch = Math.min(p.batch(), train.length);
        int steps = PretextTrainer.stepsPerEpoch(train.length, batch);
        SwavSchedule schedule = new SwavSchedule(0, p.learningRate(), p.finalLearningRate(),
                Math.min(p.warmupEpochs(), Math.max(0, p.epochs() - 1)) * steps, Math.max(1, p.epochs() * steps));
        SwavAdvice data = new SwavAdvice(train.length, batch, Math.max(1, p.epochs()));
        Methods methods = new Methods(config);
        methods.advice(data).forEach(progress::say);
        Initializer init = Initializer.on(store.device(), DType.F32, config.seed());
        Larc.Settings settings = new Larc.Settings(p.momentum(), p.trust(), EPSILON, p.larc());
        PrecisionChoice precision = precision(store.device());
        if (done < p.epochs()) {
            progress.say("training on " + store.device() + " in " + precision + ", "
                    + config.memory().description());
        }
        progress.begin("pretraining");
        try (SslMethod method = methods.create(init, data, config.probe().classWeights().of(cohort.labels(), train))) {
            PretextModel trained = new PretextModel(model, method);
            try (Optimizer optimizer = precision.precision().around(Larc.of(trained, p.weightDecay(), settings),
                    store.device())) {
                restore(trained, optimizer);
                PretextTrainer trainer = new PretextTrainer(model, method, policy(config), store,
                        Optional.of(cohort.labels()), optimizer, schedule,
                        new PretextTrainer.Settings(p.epochs(), p.batch(), p.microBatch(), config.seed(),
                                precision.precision()));
                trainer.train(train, done, new Listener(trained, optimizer, curves,
                        new EpochCheck(config, store, cohort, method), precision, steps, batch));
            }
        }
    }

    private void restore(PretextModel model, Optimizer optimizer) throws IOException {
        Optional<Checkpoint> checkpoint = opened();
        if (checkpoint.isEmpty()) {
            return;
        }
        try {
            checkpoint.get().restore(model, Match.STRICT);
            checkpoint.get().restore(optimizer);
        } catch (EngineException e) {
            throw new UserError("the run's checkpoint does not fit its configuration: " + e.getMessage(), e);
        }
        if (done > 0) {
            progress.say("going on after epoch " + done + " of " + config.pretrain().epochs());
        }
    }

    /** Progress, curves and checkpoints as training goes on. */
    private final class Listener implements PretextTrainer.Listener {

        private final PretextModel model;
        private final Optimizer optimizer;
        private final Curves curves;
        private final EpochCheck check;
        private final CollapseWatch collapse = new CollapseWatch(config.pretrain());
        private final PrecisionChoice precision;
        private final int steps;
        private final int batch;

        Listener(PretextModel model, Optimizer optimizer, Curves curves, EpochCheck check,
                PrecisionChoice precision, int steps, int batch) {
            this.model = model;
            this.optimizer = optimizer;
            this.curves = curves;
            this.check = check;
            this.precision = precision;
            this.steps = steps;
            this.batch = batch;
        }

        @Override
        public void step(int epoch, int step, int stepsPerEpoch, DoubleSupplier loss) {
            long first = (long) done * stepsPerEpoch;
            long now = (long) epoch * stepsPerEpoch + step + 1 - first;
            int last = config.pretrain().epochs();
            progress.update(now * batch, ((long) last * stepsPerEpoch - first) * batch, "images",
                    () -> String.format(Locale.ROOT, "epoch %d/%d  loss %.4f", epoch + 1, last, loss.getAsDouble()));
        }

        @Override
        public void way(String way) {
            progress.say("steps: " + way);
        }

        @Override
        public void epoch(PretextTrainer.Epoch epoch) {
            int number = epoch.number() + 1;
            Map<String, Double> values = new HashMap<>(Map.of("loss", epoch.loss(), "learning_rate",
                    epoch.learningRate(), "views", (double) epoch.views().views(), "draws",
                    (double) epoch.views().tries(), "sparse_views", (double) epoch.views().sparse()));
            values.putAll(check.of(model.network(), epoch.loss()));
            collapse.after(number, values).forEach(progress::say);
            curves.add(new CurvePoint(CurvePoint.PRETEXT, number, values));
            RunState state = new RunState(number, (long) number * steps, Map.of("seed", config.seed()),
                    Map.of("yaml", ConfigFile.toYaml(config), PRECISION, precision.precision().name()),
                    Provenance.facts(config, check.store().device(), precision));
            folder.write(CHECKPOINT, to -> {
                Checkpoint.write(to, model, optimizer, state);
                epochs = number;
            });
        }
    }
}
