package dev.osteon.engine.op;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Gradient of {@link PairwiseCrossEntropy}. Operands: x and p [n, d], the logarithms l and dy [n]; results dx and dp
 * [n, d], or all of them for g sets of rows. With the probabilities q_ij = exp(scale·x_i·x_j − l_i), whose row i sums
 * to 1 over j ≠ i: dx_i = scale·(Σ_{j ≠ i} (dy_i·q_ij + dy_j·q_ji)·x_j − dy_i·p_i) and dp_i = −scale·dy_i·x_i.
 */
public record PairwiseCrossEntropyBackward(double scale) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 4, 4);
        Check.floating(this, inputs);
        TensorSpec x = inputs.get(0);
        Check.that(x.rank() == 2 || x.rank() == 3, this, inputs, "x [n, d] or [g, n, d]");
        Shape rows = PairwiseCrossEntropy.rows(x.shape());
        Check.that(inputs.get(1).shape().equals(x.shape()) && inputs.get(2).shape().equals(rows)
                        && inputs.get(3).shape().equals(rows), this, inputs,
                "x and p [n, d] or [g, n, d], logarithms and dy of their rows");
        return List.of(x.rowMajor(), x.rowMajor());
    }

    @Override
    public boolean differentiable() {
        return false;
    }

    /** Half of the products again, and two sums over rows for each. */
    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perInput(3.0 * inputs.getFirst().dim(-2), inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.FULL;
    }
}
