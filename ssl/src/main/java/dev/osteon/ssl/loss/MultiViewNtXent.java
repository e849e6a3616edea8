package dev.osteon.ssl.loss;

import static dev.osteon.engine.op.Ops.equal;
import static dev.osteon.engine.op.Ops.full;
import static dev.osteon.engine.op.Ops.l2Normalize;
import static dev.osteon.engine.op.Ops.logSumExp;
import static dev.osteon.engine.op.Ops.matmulTransposed;
import static dev.osteon.engine.op.Ops.mean;
import static dev.osteon.engine.op.Ops.where;
import static java.lang.Double.NEGATIVE_INFINITY;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.ShapeException;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;

/**
 * NT-Xent of all views at once, as solo-learn's SimCLR has it: L = −mean_i log( Σ_{p ∈ P(i)} exp(z_i·z_p / t) /
 * Σ_{a ≠ i} exp(z_i·z_a / t) ), where P(i) are the other rows of i's index. The logarithm is outside the sum over
 * positives, unlike in {@link SupCon}; with two views and sample numbers as indexes it is {@link NtXent}. Not the
 * paper's pairwise sum, which is {@link MultiCropLoss}.
 *
 * @param temperature t, above 0
 */
public record MultiViewNtXent(double temperature) {

    public MultiViewNtXent {
        if (!(temperature > 0)) {
            throw new EngineException("nt-xent: given temperature " + temperature + "; expected a number above 0");
        }
    }

    /**
     * @param rows    embeddings [N, d] of all views
     * @param indexes sample or class number of each row [N], integers; each occurs twice or more, a row whose index
     *                occurs once making the loss infinite
     * @return the loss, one element
     */
    public Tensor loss(Tensor rows, Tensor indexes) {
        if (rows.rank() != 2 || indexes.rank() != 1 || rows.dim(0) != indexes.dim(0) || rows.dim(0) < 2) {
            throw new ShapeException("nt-xent of all views", rows.spec() + " and " + indexes.spec(),
                    "rows [N, d] and their indexes [N], N of 2 or more");
        }
        Tensor z = l2Normalize(Embeddings.full(rows));
        Tensor others = matmulTransposed(z, z).div(temperature).maskDiagonal(NEGATIVE_INFINITY);      // [N, N]
        Tensor isPositive = equal(indexes.reshape(-1, 1), indexes.reshape(1, -1));
        Tensor positives = where(isPositive, others, full(z.device(), Shape.SCALAR, z.dtype(), NEGATIVE_INFINITY));
        return mean(logSumExp(others, 1).sub(logSumExp(positives, 1)));
    }
}
