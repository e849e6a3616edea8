package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * The core of contrastive losses, each row of x [n, d] against all others, without an [n, n] matrix in memory:
 * y_i = log Σ_{j ≠ i} exp(scale·x_i·x_j) − scale·x_i·p_i. With a row of x as p_i that is the cross-entropy of finding
 * it among the others; with a mean of rows the mean of their cross-entropies. Operands: x and p [n, d]. Results: y [n]
 * and, for the gradient, the logarithm alone [n], through which none flows. The difference is taken before y is
 * rounded, so that a small loss keeps its digits; nothing overflows as long as the products themselves do not.
 * Operands [g, n, d] are g such sets of rows, which do not meet one another, with results [g, n].
 *
 * @param scale finite; 1 / temperature in the losses
 */
public record PairwiseCrossEntropy(double scale) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 2, 2);
        Check.floating(this, inputs);
        TensorSpec x = inputs.getFirst();
        Check.that((x.rank() == 2 || x.rank() == 3) && x.dim(-2) >= 2 && x.shape().equals(inputs.get(1).shape())
                && Double.isFinite(scale), this, inputs, "two equal shapes [n, d] or [g, n, d], n of 2 or more so that "
                + "each row has another, a finite scale");
        TensorSpec rows = TensorSpec.of(rows(x.shape()), x.dtype());
        return List.of(rows, rows);
    }

    /** [n] or [g, n] of [n, d] or [g, n, d]. */
    static Shape rows(Shape x) {
        return x.rank() == 2 ? Shape.of(x.dim(0)) : Shape.of(x.dim(0), x.dim(1));
    }

    /** Sets of rows in x: g, or 1. */
    public static int groups(Shape x) {
        return x.rank() == 2 ? 1 : x.dim(0);
    }

    @Override
    public Saves saves() {
        return Saves.inputs(0, 1).andOutputs(1);
    }

    @Override
    public void vjp(Backward b) {
        List<Tensor> gradients = Dispatcher.runAll(new PairwiseCrossEntropyBackward(scale),
                List.of(b.input(0), b.input(1), b.output(1), b.upstream(0)));
        b.to(0, () -> gradients.get(0));
        b.to(1, () -> gradients.get(1));
    }

    /** Half of the products, for x_i·x_j is x_j·x_i. */
    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perInput(inputs.getFirst().dim(-2), inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.FULL;
    }
}
