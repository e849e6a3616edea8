package dev.osteon.app.run;

import dev.osteon.app.UserError;
import dev.osteon.app.config.RunConfig;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.tensor.Device;
import dev.osteon.models.EncoderWithHead;
import dev.osteon.models.ResNet;
import dev.osteon.nn.Checkpoint;
import dev.osteon.nn.Match;
import dev.osteon.ssl.data.SegmentFile;
import dev.osteon.ssl.data.SegmentStore;
import dev.osteon.ssl.train.Features;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The encoder and classifier of a run, for images that it has not seen. */
public final class Predictor {

    private final Path run;
    private final RunConfig config;

    /** @throws UserError when the folder is none of a run */
    public Predictor(Path run) throws IOException {
        this.run = run;
        try (RunFolder folder = RunFolder.open(run)) {
            this.config = folder.config();
        }
    }

    /**
     * What is said of some images.
     *
     * @param probability      of osteoporosis, one for each image
     * @param threshold        from which on the run called a segment positive
     * @param subjectThreshold from which on it called the mean over a subject's bones so
     */
    public record Prediction(double[] probability, double threshold, double subjectThreshold) {}

    /** @throws UserError for unreadable images, and for runs without checkpoint or classifier */
    public Prediction of(List<Path> images, Progress progress) throws IOException {
        Device device = Devices.choose(config.device(), config.threads());
        Classifier classifier = Classifier.read(run, Pretraining.backbone(config).features());
        SegmentLoader loader = new SegmentLoader(config.data().longestSide(), config.threads());
        try (SegmentFile segments = SegmentCache.ofUser(progress).openOnce(images, loader);
                SegmentStore store = new SegmentStore(segments, device, classifier.levels());
                EncoderWithHead network = Pretraining.network(config, device)) {
            restore(network.backbone());
            double[] scores = classifier.scores(Features.of(network.backbone(), store, classifier.size()));
            return new Prediction(scores, classifier.threshold(), classifier.subjectThreshold());
        }
    }

    private void restore(ResNet backbone) throws IOException {
        try {
            Checkpoint.open(run.resolve(Pretraining.CHECKPOINT)).weights().under("backbone.")
                    .loadInto(backbone, Match.STRICT);
        } catch (EngineException e) {
            throw new UserError(run + ": its encoder cannot be read: " + e.getMessage(), e);
        }
    }
}
