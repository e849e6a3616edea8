package dev.osteon.ssl.loss;

import dev.osteon.engine.ShapeException;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A pair loss over multi-crop views (the paper's Appendix A): L = Σ_{i ∈ {1, 2}} Σ_{v ≠ i} l(z_v, z_i), where views 1
 * and 2 are the global ones and v runs over all of them; two local views never meet.
 *
 * @param pair      l
 * @param reduction the paper sums the 2(V + 1) terms, SwAV's code takes their mean
 */
public record MultiCropLoss(PairLoss pair, Reduction reduction) {

    /** What becomes of the terms. */
    public enum Reduction {
        SUM, MEAN;

        /** The terms [P] as one loss. */
        public Tensor of(Tensor terms) {
            return this == SUM ? Ops.sum(terms) : Ops.mean(terms);
        }
    }

    /** The views of one term, from 0: v is any, i a global one. */
    public record Pair(int v, int i) {}

    private static final int GLOBAL_VIEWS = 2;

    /** The pairs in the order of the formula: i = 1 with v = 2, 3, …, then i = 2 with v = 1, 3, …. */
    public static List<Pair> pairs(int views) {
        if (views < GLOBAL_VIEWS) {
            throw new ShapeException("multi-crop loss", views + " views", "at least two, the global ones first");
        }
        List<Pair> pairs = new ArrayList<>();
        for (int i = 0; i < GLOBAL_VIEWS; i++) {
            for (int v = 0; v < views; v++) {
                if (v != i) {
                    pairs.add(new Pair(v, i));
                }
            }
        }
        return pairs;
    }

    /**
     * @param views embeddings [N, d] of each view, the two global ones first
     * @return the loss, one element
     */
    public Tensor loss(List<Tensor> views) {
        return reduction.of(terms(views));
    }

    /** The terms l(z_v, z_i) [P] in the order of {@link #pairs}. */
    public Tensor terms(List<Tensor> views) {
        return pair.losses(views, pairs(views.size()));
    }
}
