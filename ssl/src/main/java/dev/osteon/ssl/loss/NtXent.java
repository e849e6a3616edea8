package dev.osteon.ssl.loss;

import static dev.osteon.engine.op.Ops.concat;
import static dev.osteon.engine.op.Ops.crossEntropy;
import static dev.osteon.engine.op.Ops.l2Normalize;
import static dev.osteon.engine.op.Ops.matmulTransposed;
import static java.lang.Double.NEGATIVE_INFINITY;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.ShapeException;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.stream.IntStream;

/**
 * Normalised temperature-scaled cross-entropy (Chen et al. 2020, "A Simple Framework for Contrastive Learning of Visual
 * Representations", eq. 1): each of the 2N embeddings must pick its partner, the other view of its sample, among the
 * 2N − 1 others by cosine similarity. The mean over the 2N anchors; the authors' code reports twice that.
 *
 * @param temperature divisor of the similarities, above 0; 0.1 in the authors' code, 0.07 in sthalles/SimCLR
 */
public record NtXent(double temperature) implements PairLoss {

    public NtXent {
        if (!(temperature > 0)) {
            throw new EngineException("nt-xent: given temperature " + temperature + "; expected a number above 0");
        }
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
        return crossEntropy(logits, partners(z.device(), zi.dim(0)));
    }

    /** Row k's partner is k ± N. */
    private static Tensor partners(Device device, int n) {
        return Tensor.of(device, Shape.of(2 * n), IntStream.range(0, 2 * n).map(k -> (k + n) % (2 * n)).toArray());
    }

    /** At temperature 0.07 logits reach ±14: bf16 embeddings are widened before anything is computed. */
    private static Tensor full(Tensor z) {
        return z.dtype() == DType.BF16 ? z.to(DType.F32) : z;
    }
}
