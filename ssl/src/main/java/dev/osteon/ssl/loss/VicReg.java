package dev.osteon.ssl.loss;

import static dev.osteon.engine.op.Ops.mean;
import static dev.osteon.engine.op.Ops.relu;
import static dev.osteon.engine.op.Ops.sqrt;
import static dev.osteon.engine.op.Ops.sum;
import static dev.osteon.engine.op.Ops.transposedMatmul;
import static dev.osteon.ssl.loss.Embeddings.full;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.ShapeException;
import dev.osteon.engine.tensor.Tensor;

/**
 * Variance-invariance-covariance regularisation (Bardes et al. 2022, "VICReg", eq. 1-6):
 * L = λ·s(Z, Z′) + μ·[v(Z) + v(Z′)]/2 + ν·[c(Z) + c(Z′)]. Embeddings are not normalised. The means are the official
 * code's, as are the averaged variance terms: the paper's eq. 6 has their sum and, for s, a sum over the d columns.
 *
 * @param invarianceWeight λ
 * @param varianceWeight   μ
 * @param covarianceWeight ν
 * @param epsilon          under the root of the variance terms
 * @param branches         what becomes of the two variance terms
 */
public record VicReg(double invarianceWeight, double varianceWeight, double covarianceWeight, double epsilon,
        Branches branches) implements PairLoss {

    /** 25, 25 and 1, ε of 1e-4, and the mean of the two variance terms: the official code's. */
    public static final VicReg OFFICIAL = new VicReg(25, 25, 1, 1e-4, Branches.MEAN);

    /** The two variance terms: their mean in the official code, their sum in the paper and in solo-learn. */
    public enum Branches { MEAN, SUM }

    public VicReg {
        if (!(invarianceWeight >= 0) || !(varianceWeight >= 0) || !(covarianceWeight >= 0) || !(epsilon > 0)) {
            throw new EngineException("vicreg: given weights " + invarianceWeight + ", " + varianceWeight + ", "
                    + covarianceWeight + " and epsilon " + epsilon
                    + "; expected numbers of 0 or more, and epsilon above 0");
        }
    }

    /** The three terms without their weights, one element each. */
    public record Terms(Tensor invariance, Tensor variance, Tensor covariance) {}

    @Override
    public Tensor loss(Tensor zi, Tensor zj) {                                       // both [n, d]
        Terms t = terms(zi, zj);
        return t.invariance.mul(invarianceWeight).add(t.variance.mul(varianceWeight))
                .add(t.covariance.mul(covarianceWeight));
    }

    /** The terms of two views [n, d]. */
    public Terms terms(Tensor zi, Tensor zj) {
        if (zi.rank() != 2 || !zi.shape().equals(zj.shape()) || zi.dim(0) < 2) {
            throw new ShapeException("vicreg", zi.spec() + " and " + zj.spec(),
                    "two equal shapes [n, d] with n of 2 or more, so that there is a variance");
        }
        Tensor x = full(zi);
        Tensor y = full(zj);
        Tensor difference = x.sub(y);
        Tensor xCentred = x.sub(mean(x, 0));                                         // z_n − z̄
        Tensor yCentred = y.sub(mean(y, 0));
        Tensor hinges = hinge(xCentred).add(hinge(yCentred));
        return new Terms(mean(difference.mul(difference)), branches == Branches.MEAN ? hinges.div(2) : hinges,
                decorrelation(xCentred).add(decorrelation(yCentred)));
    }

    /** v(Z) = 1/d Σ_j max(0, 1 − √(Var z_j + ε)), Var z_j = Σ_n (z_nj − z̄_j)² / (n − 1). */
    private Tensor hinge(Tensor centred) {
        Tensor variance = sum(centred.mul(centred), 0).div(centred.dim(0) - 1);      // [1, d]
        return mean(relu(sqrt(variance.add(epsilon)).neg().add(1)));
    }

    /** c(Z) = 1/d Σ_{j ≠ k} C_jk², C = Σ_n (z_n − z̄)(z_n − z̄)ᵀ / (n − 1). */
    private static Tensor decorrelation(Tensor centred) {
        Tensor c = transposedMatmul(centred, centred).div(centred.dim(0) - 1).maskDiagonal(0);      // [d, d]
        return sum(c.mul(c)).div(centred.dim(1));
    }
}
