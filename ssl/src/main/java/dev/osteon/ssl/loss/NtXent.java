package dev.osteon.ssl.loss;

import static dev.osteon.engine.op.Ops.concat;
import static dev.osteon.engine.op.Ops.l2Normalize;
import static dev.osteon.engine.op.Ops.mean;
import static dev.osteon.engine.op.Ops.pairwiseCrossEntropy;
import static dev.osteon.ssl.loss.Embeddings.full;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.ShapeException;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.ssl.loss.MultiCropLoss.Pair;
import java.util.List;
import java.util.function.ToIntFunction;

/**
 * Normalised temperature-scaled cross-entropy (Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual
 * Representations", eq. 1): each of the 2N embeddings must pick its partner, the other view of its sample, among the
 * 2N − 1 others by cosine similarity.
 *
 * @param temperature divisor of the similarities, above 0; 0.1 in the authors' code, 0.07 in sthalles/SimCLR
 * @param anchors     what becomes of the 2N anchors' losses
 */
public record NtXent(double temperature, Anchors anchors) implements PairLoss {

    /** The paper's mean over all 2N anchors, or what the authors' code reports: loss_a + loss_b, twice the mean. */
    public enum Anchors { MEAN_OF_ALL, SUM_OF_VIEWS }

    public NtXent {
        if (!(temperature > 0)) {
            throw new EngineException("nt-xent: given temperature " + temperature + "; expected a number above 0");
        }
    }

    /** With the mean over all anchors, as in the paper. */
    public NtXent(double temperature) {
        this(temperature, Anchors.MEAN_OF_ALL);
    }

    @Override
    public Tensor loss(Tensor zi, Tensor zj) {                                       // both [N, d]
        return losses(List.of(zi, zj), List.of(new Pair(0, 1)));
    }

    /** All pairs at once, each a set of 2N rows that meet only one another: some kernels instead of hundreds. */
    @Override
    public Tensor losses(List<Tensor> views, List<Pair> pairs) {
        Tensor like = views.getFirst();
        if (like.rank() != 2 || like.dim(0) < 2 || views.stream().anyMatch(z -> !z.shape().equals(like.shape()))) {
            throw new ShapeException("nt-xent", "views " + views.stream().map(Tensor::shape).toList(),
                    "equal shapes [N, d] with N of 2 or more, so that there are negatives");
        }
        Tensor a = l2Normalize(full(together(views, pairs, Pair::v)));                               // [P, N, d]
        Tensor b = l2Normalize(full(together(views, pairs, Pair::i)));
        // each of a pair's 2N rows has its partner to find, of the other view
        Tensor each = pairwiseCrossEntropy(concat(1, a, b), concat(1, b, a), 1 / temperature);       // [P, 2N]
        Tensor means = mean(each, 1).reshape(pairs.size());
        return anchors == Anchors.MEAN_OF_ALL ? means : means.mul(2);
    }

    private static Tensor together(List<Tensor> views, List<Pair> pairs, ToIntFunction<Pair> side) {
        Tensor like = views.getFirst();
        return concat(0, pairs.stream().map(side::applyAsInt).map(views::get).toList())
                .reshape(pairs.size(), like.dim(0), like.dim(1));
    }
}
