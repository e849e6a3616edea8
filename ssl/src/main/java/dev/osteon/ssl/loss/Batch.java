package dev.osteon.ssl.loss;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.ShapeException;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * What a training step hands to a method.
 *
 * @param views  embeddings [B, d] of each view, not normalised, the two global ones first; row b is sample b's
 * @param labels class numbers [B] of the samples, integers, of the training split only; empty where there are none
 * @param moment when the step is
 */
public record Batch(List<Tensor> views, Optional<Tensor> labels, Moment moment) {

    /** Where training is: the epoch, and the iteration since the beginning of training, both from 0. */
    public record Moment(int epoch, long iteration) {

        public static final Moment START = new Moment(0, 0);
    }

    public Batch {
        views = List.copyOf(views);
        if (views.isEmpty() || views.stream().map(Tensor::shape).distinct().count() != 1
                || views.getFirst().rank() != 2) {
            throw new ShapeException("batch", "views " + views.stream().map(Tensor::shape).toList(),
                    "one or more equal shapes [B, d]");
        }
    }

    /** A batch without labels at the start of training. */
    public static Batch of(List<Tensor> views) {
        return new Batch(views, Optional.empty(), Moment.START);
    }

    /** B. */
    public int samples() {
        return views.getFirst().dim(0);
    }

    /** The labels of a method that cannot do without. */
    Tensor labelsFor(String method) {
        return labels.orElseThrow(() -> new EngineException(method
                + ": given a batch without labels; expected the class of each sample; choose simclr, swav or vicreg"));
    }
}
