package dev.osteon.ssl.loss;

import static dev.osteon.engine.op.Ops.concat;
import static dev.osteon.engine.op.Ops.l2Normalize;
import static dev.osteon.engine.op.Ops.mean;
import static dev.osteon.engine.op.Ops.pairwiseCrossEntropy;
import static dev.osteon.ssl.loss.Embeddings.full;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.ShapeException;
import dev.osteon.engine.tensor.Tensor;

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
        if (zi.rank() != 2 || !zi.shape().equals(zj.shape()) || zi.dim(0) < 2) {
            throw new ShapeException("nt-xent", zi.spec() + " and " + zj.spec(),
                    "two equal shapes [N, d] with N of 2 or more, so that there are negatives");
        }
        Tensor a = l2Normalize(full(zi));
        Tensor b = l2Normalize(full(zj));
        // each of the 2N rows has its partner to find, of the other view
        Tensor each = pairwiseCrossEntropy(concat(0, a, b), concat(0, b, a), 1 / temperature);       // [2N]
        return anchors == Anchors.MEAN_OF_ALL ? mean(each) : mean(each).mul(2);
    }
}
