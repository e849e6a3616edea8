package dev.osteon.ssl.loss;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.Module;

/**
 * What a self-supervised method makes of the embeddings of a batch's views. A step of training is
 *
 * <pre>{@code
 * method.beforeForward();
 * loss = method.loss(batch);            // recorded, with method.state() trained beside the network
 * method.beforeUpdate(gradients, moment);  // those of the loss times optimizer.lossScale(), if there is one
 * optimizer.step(gradients, rate);
 * }</pre>
 *
 * <p>Most methods are a loss and nothing else, and write only {@link #loss}.
 */
@FunctionalInterface
public interface SslMethod extends AutoCloseable {

    /** The loss of a batch, one element. */
    Tensor loss(Batch batch);

    /** The method's own parameters, trained with the network's, and buffers, saved with them: none, by default. */
    default Module state() {
        return x -> x;
    }

    /**
     * What decides which operations a step at that moment consists of, beside its shapes: steps of one variant can be
     * recorded once and queued again ({@link dev.osteon.engine.dispatch.Replay}). One for all, by default.
     */
    default Object variant(Batch.Moment moment) {
        return "";
    }

    /** Before the forward pass of each step, off the tape. */
    default void beforeForward() {}

    /** Between the backward pass and the optimiser's step; may drop gradients. */
    default void beforeUpdate(Gradients gradients, Batch.Moment moment) {}

    /** Frees {@link #state}. */
    @Override
    default void close() {
        state().close();
    }
}
