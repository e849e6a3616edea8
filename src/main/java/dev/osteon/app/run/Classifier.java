package dev.osteon.app.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.osteon.app.UserError;
import dev.osteon.ssl.data.SegmentStore;
import dev.osteon.ssl.train.Features;
import dev.osteon.ssl.train.LinearProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * {@code probe.json}: all that stands between a frozen encoder's features of a segment and a probability.
 *
 * @param weight           [D] on the features as they are
 * @param bias             the logit of osteoporosis is weight·features + bias
 * @param levels           of grey, by which segments are standardised
 * @param size             side in pixels of the square that a whole segment is resized to
 * @param threshold        from which on a segment is called positive
 * @param subjectThreshold from which on a subject is, by the mean over the subject's bones
 * @param chosen           which of the probe's candidates it is, for people
 */
public record Classifier(double[] weight, double bias, SegmentStore.Levels levels, int size, double threshold,
        double subjectThreshold, String chosen) {

    static final String FILE = "probe.json";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The linear layer of a probe, trained on features standardised over the training samples. */
    static Classifier of(LinearProbe.Fit fit, Features.Standardisation by, SegmentStore.Levels levels, int size) {
        double[] weight = new double[by.mean().length];
        double bias = fit.bias();
        for (int k = 0; k < weight.length; k++) {
            weight[k] = fit.weight()[k] * by.scale()[k];
            bias -= weight[k] * by.mean()[k];
        }
        return new Classifier(weight, bias, levels, size, 0.5, 0.5, String.format(java.util.Locale.ROOT, "%s %.0f",
                fit.axis(), fit.curve().get(fit.chosen()).at()));
    }

    Classifier withThresholds(double segments, double subjects) {
        return new Classifier(weight, bias, levels, size, segments, subjects, chosen);
    }

    /** Probability of osteoporosis, for each row of the features. */
    double[] scores(Features features) {
        return Arrays.stream(features.rows()).mapToDouble(this::score).toArray();
    }

    private double score(float[] row) {
        double z = bias;
        for (int k = 0; k < row.length; k++) {
            z += weight[k] * row[k];
        }
        return 1 / (1 + Math.exp(-z));
    }

    void write(RunFolder folder) {
        folder.writeJson(FILE, this);
    }

    /** @throws UserError when the run has none, or another encoder's */
    static Classifier read(Path run, int features) {
        Path file = run.resolve(FILE);
        try {
            Classifier classifier = JSON.readValue(Files.readString(file), Classifier.class);
            if (classifier.weight.length != features) {
                throw new UserError(file + ": given a classifier of " + classifier.weight.length
                        + " features; expected "
                        + features + ", as the run's encoder has; take probe.json and checkpoint from the same run");
            }
            return classifier;
        } catch (JsonProcessingException e) {
            throw new UserError(file + ": not a classifier of ours; make it again with osteon probe " + run, e);
        } catch (IOException e) {
            throw new UserError(run + " has no readable " + FILE + "; expected the folder of a run that got that far; "
                    + "osteon probe " + run + " makes it from a checkpoint", e);
        }
    }
}
