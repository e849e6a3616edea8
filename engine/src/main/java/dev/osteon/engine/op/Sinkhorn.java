package dev.osteon.engine.op;

import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Q = Diag(u)·exp(x / epsilon)·Diag(v) for x [n, k], with u and v such that rows and columns have equal sums each
 * (Cuturi 2013, "Sinkhorn Distances", algorithm 1), cut off after some iterations: each scales the columns to equal
 * sums first, then the rows to sum 1. Result [n, k]. No gradient flows through it.
 *
 * @param epsilon    above 0: the smaller, the closer each row to a single 1
 * @param iterations 1 or more
 */
public record Sinkhorn(double epsilon, int iterations) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        Check.floating(this, inputs);
        TensorSpec x = inputs.getFirst();
        Check.that(x.rank() == 2 && epsilon > 0 && iterations >= 1, this, inputs,
                "x [n, k], epsilon above 0 and 1 or more iterations");
        return List.of(x.rowMajor());
    }

    @Override
    public boolean differentiable() {
        return false;
    }

    /** An exponential, and two multiply-adds in each iteration. */
    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(8 + 4.0 * iterations, inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.FULL;
    }
}
