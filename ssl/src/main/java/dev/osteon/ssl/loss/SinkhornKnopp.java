package dev.osteon.ssl.loss;

import static dev.osteon.engine.op.Ops.sinkhorn;
import static dev.osteon.ssl.loss.Embeddings.full;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.ShapeException;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.tensor.Tensor;

/**
 * Soft assignments of samples to prototypes that use all prototypes alike (Cuturi 2013; Caron et al. 2020, eq. 3-5):
 * Q = Diag(u) exp(S / ε) Diag(v) whose rows and columns are normalised in turn, prototypes first.
 *
 * <p>No score is too large or too small for {@link dev.osteon.engine.op.Sinkhorn}. The official code's factors K and B
 * are left out: the division that follows each of them cancels it, and the last one is cancelled by its final
 * multiplication by B.
 *
 * @param epsilon    ε, above 0: the smaller, the harder the assignments; 0.05 in the authors' code
 * @param iterations of both normalisations, 1 or more; 3 in the authors' code
 */
public record SinkhornKnopp(double epsilon, int iterations) {

    public SinkhornKnopp {
        if (!(epsilon > 0) || iterations < 1) {
            throw new EngineException("sinkhorn: given epsilon " + epsilon + " and " + iterations
                    + " iterations; expected a number above 0 and 1 or more");
        }
    }

    /**
     * The codes: computed off the tape, for no gradient flows through them.
     *
     * @param scores similarities [B, K] of samples and prototypes
     * @return q [B, K], each sample's row summing to 1
     */
    public Tensor codes(Tensor scores) {
        if (scores.rank() != 2) {
            throw new ShapeException("sinkhorn", scores.spec().toString(), "scores [samples, prototypes]");
        }
        return Tape.paused(() -> sinkhorn(full(scores), epsilon, iterations));
    }
}
