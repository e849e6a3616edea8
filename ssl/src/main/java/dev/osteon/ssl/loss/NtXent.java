package dev.osteon.ssl.loss;

import static dev.osteon.engine.op.Ops.concat;
import static dev.osteon.engine.op.Ops.crossEntropy;
import static dev.osteon.engine.op.Ops.l2Normalize;
import static dev.osteon.engine.op.Ops.matmulTransposed;
import static dev.osteon.ssl.loss.Embeddings.full;
import static java.lang.Double.NEGATIVE_INFINITY;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.ShapeException;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.stream.IntStream;

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
        Tensor z = l2Normalize(full(concat(0, zi, zj)));                             // [2N, d]
        Tensor similarity = matmulTransposed(z, z).div(temperature);                 // [2N, 2N]
        Tensor logits = similarity.maskDiagonal(NEGATIVE_INFINITY);                  // nobody is its own partner
        Tensor mean = crossEntropy(logits, partners(z.device(), zi.dim(0)));
        return anchors == Anchors.MEAN_OF_ALL ? mean : mean.mul(2);
    }

    /** Row k's partner is k ± N. */
    private static Tensor partners(Device device, int n) {
        return Tensor.of(device, Shape.of(2 * n), IntStream.range(0, 2 * n).map(k -> (k + n) % (2 * n)).toArray());
    }
}
