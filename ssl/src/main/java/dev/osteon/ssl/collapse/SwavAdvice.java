package dev.osteon.ssl.collapse;

import dev.osteon.engine.EngineException;
import dev.osteon.ssl.loss.Swav;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Whether SwAV's settings suit the data, told before training. Its published constants are for ImageNet: 1.28 million
 * images, 427 for each of 3000 prototypes, batches (or batch and queue) of 4096, one epoch of 313 steps frozen. On a
 * data set a thousand times smaller each of them can be off by a factor of a hundred, and SwAV collapses in silence.
 *
 * @param samples trained on
 * @param batch   samples of a step, no more than {@code samples}
 * @param epochs  of training
 */
public record SwavAdvice(int samples, int batch, int epochs) {

    /** Fewer images for each prototype leave it to noise; ImageNet has 427. */
    private static final int SAMPLES_PER_PROTOTYPE = 10;
    /** Beyond this share of training the prototypes lag behind; ImageNet's first of 400 epochs is a four-hundredth. */
    private static final double MOST_FROZEN = 0.1;
    /** Of the data set: a longer queue holds mostly stale embeddings of the batch's own images. */
    private static final double LONGEST_QUEUE = 0.5;

    public SwavAdvice {
        if (batch < 1 || samples < batch || epochs < 1) {
            throw new EngineException("swav advice: given " + samples + " samples, batch " + batch + ", " + epochs
                    + " epochs; expected 1 or more each, and no larger batch than samples");
        }
    }

    /** Steps of an epoch, the last incomplete batch left out. */
    public int stepsPerEpoch() {
        return samples / batch;
    }

    /** Settings for these data: K by both limits, the first epoch (a tenth of training at most) frozen, no queue. */
    public Swav.Settings recommended() {
        Swav.Settings official = Swav.Settings.IMAGENET;
        return new Swav.Settings(prototypes(batch), official.temperature(), official.epsilon(), official.iterations(),
                freezeSteps(), 0, 0);
    }

    private int prototypes(int assigned) {
        return Math.max(2, Math.min(assigned / 2, samples / SAMPLES_PER_PROTOTYPE));
    }

    private long freezeSteps() {
        return Math.min(stepsPerEpoch(), (long) (MOST_FROZEN * steps()));
    }

    private long steps() {
        return (long) stepsPerEpoch() * epochs;
    }

    /** One line for each setting that does not suit: what it is, why it does not, what to set. Empty if all do. */
    public List<String> on(Swav.Settings settings) {
        List<String> advice = new ArrayList<>();
        int rows = settings.queueRows() - settings.queueRows() % batch;
        prototypes(settings, rows, advice);
        freeze(settings, advice);
        queue(settings, rows, advice);
        return advice;
    }

    private void prototypes(Swav.Settings settings, int rows, List<String> advice) {
        int k = settings.prototypes();
        int assigned = batch + rows;
        if (k > assigned) {
            advice.add(line("prototypes = %d, but Sinkhorn spreads only %d samples over them at a time (batch %d, "
                    + "queue %d): most prototypes get less than one; set prototypes = %d", k, assigned, batch, rows,
                    prototypes(assigned)));
        } else if ((long) k * SAMPLES_PER_PROTOTYPE > samples && k > prototypes(assigned)) {
            advice.add(line("prototypes = %d for %d samples, %.1f each: clusters that small are noise; "
                    + "set prototypes = %d", k, samples, (double) samples / k, prototypes(assigned)));
        }
    }

    private void freeze(Swav.Settings settings, List<String> advice) {
        long frozen = settings.freezeSteps();
        if (frozen >= steps()) {
            advice.add(line("freezeSteps = %d, but training has only %d steps (%d epochs of %d): the prototypes are "
                    + "never trained; set freezeSteps = %d", frozen, steps(), epochs, stepsPerEpoch(), freezeSteps()));
        } else if (frozen > Math.max(stepsPerEpoch(), MOST_FROZEN * steps())) {
            advice.add(line("freezeSteps = %d is %.0f %% of the %d steps, %.1f epochs; SwAV freezes one epoch: "
                    + "set freezeSteps = %d", frozen, 100.0 * frozen / steps(), steps(),
                    (double) frozen / stepsPerEpoch(), freezeSteps()));
        }
    }

    private void queue(Swav.Settings settings, int rows, List<String> advice) {
        if (settings.queueRows() == 0) {
            return;
        }
        int longest = (int) (LONGEST_QUEUE * samples) / batch * batch;
        long batchesLeft = (long) Math.max(0, epochs - settings.queueFromEpoch()) * stepsPerEpoch();
        if (rows == 0) {
            advice.add(line("queueRows = %d is less than a batch of %d, so there is no queue; set queueRows = 0, or a "
                    + "multiple of the batch", settings.queueRows(), batch));
        } else if (settings.queueFromEpoch() >= epochs) {
            advice.add(line("queueFromEpoch = %d, but training ends after %d epochs: the queue is never used; set "
                    + "queueFromEpoch = %d", settings.queueFromEpoch(), epochs, epochs / 10));
        } else if (batchesLeft * batch <= rows) {
            advice.add(line("queueRows = %d is never full: only %d samples come from epoch %d on; set queueRows = %d",
                    rows, batchesLeft * batch, settings.queueFromEpoch(), longest));
        } else if (rows > LONGEST_QUEUE * samples) {
            advice.add(line("queueRows = %d for %d samples: the queue spans %.0f %% of the data, mostly old "
                    + "embeddings of images that come again; set queueRows = %d",
                    rows, samples, 100.0 * rows / samples, longest));
        }
    }

    private static String line(String format, Object... values) {
        return "swav: " + String.format(Locale.ROOT, format, values);
    }
}
