package dev.osteon.ssl.collapse;

import dev.osteon.engine.ShapeException;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.DoubleStream;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;

/**
 * Whether embeddings still tell samples apart.
 *
 * @param spread        mean over dimensions of the standard deviation of the unit embeddings, times √d (Chen and He
 *                      2021, "SimSiam", section 4.1): 1 when they are spread over the sphere, 0 when all are one point
 * @param effectiveRank exp of the entropy of the normalised singular values of the centred embeddings (Roy and
 *                      Vetterli 2007): how many dimensions they use, from 1 to min(n − 1, d); 0 when all are one point
 */
public record CollapseIndicators(double spread, double effectiveRank) {

    /** Singular values below this share of the largest possible, √n, are rounding. */
    private static final double NOTHING = 1e-7;

    /** @param embeddings [n, d], not normalised, n of 2 or more; one view of different samples */
    public static CollapseIndicators of(Tensor embeddings) {
        if (embeddings.rank() != 2 || embeddings.dim(0) < 2) {
            throw new ShapeException("collapse indicators", embeddings.spec().toString(),
                    "embeddings [n, d] with n of 2 or more");
        }
        return Tape.paused(() -> {
            try (TensorScope scope = TensorScope.open()) {
                Tensor unit = Ops.l2Normalize(embeddings.dtype().isLow() ? embeddings.to(DType.F32) : embeddings);
                double[] deviations = Ops.sqrt(Ops.variance(unit, 0, 0)).toDoubles();
                double spread = Arrays.stream(deviations).average().orElse(0) * Math.sqrt(unit.dim(1));
                return new CollapseIndicators(spread, effectiveRank(Ops.sub(unit, Ops.mean(unit, 0))));
            }
        });
    }

    /** From the eigenvalues of the smaller Gram matrix, the squares of the singular values. */
    private static double effectiveRank(Tensor centred) {
        int n = centred.dim(0);
        int d = centred.dim(1);
        Array2DRowRealMatrix z = new Array2DRowRealMatrix(n, d);
        double[] flat = centred.toDoubles();
        for (int row = 0; row < n; row++) {
            z.setRow(row, Arrays.copyOfRange(flat, row * d, (row + 1) * d));
        }
        double[] squares = new EigenDecomposition(n < d ? z.multiply(z.transpose()) : z.transpose().multiply(z))
                .getRealEigenvalues();
        double[] singular = Arrays.stream(squares).map(s -> Math.sqrt(Math.max(0, s)))
                .filter(s -> s > NOTHING * Math.sqrt(n)).toArray();
        double total = DoubleStream.of(singular).sum();
        return total == 0 ? 0 : Math.exp(Arrays.stream(singular).map(s -> s / total).map(p -> -p * Math.log(p)).sum());
    }
}
