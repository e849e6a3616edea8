package dev.osteon.ssl.train;

import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * What differs from one training step to the next.
 *
 * @param learningRate one element
 * @param labels       of the batch's samples [B], if there are any
 * @param samples      numbers of the batch's segments [B]
 * @param key          of the epoch's random stream, as {@code DrawViews} takes it
 */
record StepInputs(Tensor learningRate, Optional<Tensor> labels, Tensor samples, Tensor key) {

    /** All tensors of it, in one order. */
    List<Tensor> tensors() {
        List<Tensor> all = new ArrayList<>(List.of(learningRate));
        labels.ifPresent(all::add);
        all.addAll(List.of(samples, key));
        return all;
    }

    /** The same with other tensors, in the order of {@link #tensors}. */
    StepInputs as(List<Tensor> others) {
        Iterator<Tensor> next = others.iterator();
        return new StepInputs(next.next(), labels.map(old -> next.next()), next.next(), next.next());
    }
}
