package dev.osteon.app.explain;

import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * A loss in single steps, for reading: the formulas as in a textbook, one operation after the other, without the
 * fusions and shortcuts of the class that trains. That it gives the same value is checked whenever it is shown.
 */
sealed interface Walk extends AutoCloseable permits NtXentWalk, SupConWalk, SwavWalk, VicRegWalk {

    String title();

    /** What the loss wants, in a sentence or two. */
    String purpose();

    /** The settings of {@link #loss}, by name. */
    Map<String, String> settings();

    /** The loss of two views [N, d] as training computes it. */
    Tensor loss(List<Tensor> views);

    /** The same, step by step. */
    Tensor walk(List<Tensor> views, Steps steps);

    /** Where {@link #loss} is written. */
    List<Excerpt> code();

    /** What the loss is computed with but not differentiated through, if anything. */
    default Optional<String> heldBack() {
        return Optional.empty();
    }

    /** The loss as a function that can be differentiated: with {@link #heldBack} as it is for {@code views}. */
    default Function<List<Tensor>, Tensor> differentiable(List<Tensor> views) {
        return this::loss;
    }

    @Override
    default void close() {}
}
