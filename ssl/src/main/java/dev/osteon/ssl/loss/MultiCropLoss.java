package dev.osteon.ssl.loss;

import dev.osteon.engine.ShapeException;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A pair loss over multi-crop views (the paper's Appendix A): L = Σ_{i ∈ {1, 2}} Σ_{v ≠ i} l(z_v, z_i), where views 1
 * and
 * 2 are the global ones and v runs over all of them; two local views never meet.
 *
 * @param pair      l
 * @param reduction the paper sums the 2(V + 1) terms, SwAV's code takes their mean
 */
public record MultiCropLoss(PairLoss pair, Reduction reduction) {

    /** What becomes of the terms. */
    public enum Reduction { SUM, MEAN }

    private static final int GLOBAL_VIEWS = 2;

    /**
     * @param views embeddings [N, d] of each view, the two global ones first
     * @return the loss, one element
     */
    public Tensor loss(List<Tensor> views) {
        List<Tensor> terms = terms(views);
        Tensor total = terms.getFirst();
        for (Tensor term : terms.subList(1, terms.size())) {
            total = total.add(term);
        }
        return reduction == Reduction.SUM ? total : total.div(terms.size());
    }

    /** The terms in the order of the formula: i = 1 with v = 2, 3, …, then i = 2 with v = 1, 3, …. */
    public List<Tensor> terms(List<Tensor> views) {
        if (views.size() < GLOBAL_VIEWS) {
            throw new ShapeException("multi-crop loss", views.size() + " views", "at least two, the global ones first");
        }
        List<Tensor> terms = new ArrayList<>();
        for (int i = 0; i < GLOBAL_VIEWS; i++) {
            for (int v = 0; v < views.size(); v++) {
                if (v != i) {
                    terms.add(pair.loss(views.get(v), views.get(i)));
                }
            }
        }
        return terms;
    }
}
