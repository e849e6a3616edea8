package dev.osteon.ssl.train;

import dev.osteon.engine.tensor.Tensor;
import dev.osteon.ssl.data.SegmentStore;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * What differs from one training step to the next.
 *
 * @param learningRate one element
 * @param labels       of the batch's samples [B], if there are any
 * @param parts        the batch's views before they are cut
 */
record StepInputs(Tensor learningRate, Optional<Tensor> labels, List<Part> parts) {

    /** Some of a batch's samples, one group of views for each resolution. */
    record Part(int samples, List<SegmentStore.Cuts> views) {}

    /** All tensors of it, in one order. */
    List<Tensor> tensors() {
        List<Tensor> all = new ArrayList<>(List.of(learningRate));
        labels.ifPresent(all::add);
        parts.forEach(part -> part.views.forEach(cuts -> all.addAll(List.of(cuts.maps(), cuts.numbers()))));
        return all;
    }

    /** The same with other tensors, in the order of {@link #tensors}. */
    StepInputs as(List<Tensor> others) {
        Iterator<Tensor> next = others.iterator();
        return new StepInputs(next.next(), labels.map(old -> next.next()), parts.stream().map(part ->
                new Part(part.samples, part.views.stream().map(cuts ->
                        new SegmentStore.Cuts(cuts.size(), next.next(), next.next())).toList())).toList());
    }

    /** The images of the views, part by part. */
    List<MicroBatches.Part> cut(SegmentStore segments) {
        return parts.stream().map(part -> new MicroBatches.Part(part.samples,
                part.views.stream().map(segments::cut).toList())).toList();
    }
}
