package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;

/**
 * y = gamma·(x − mean)/√(variance + eps) + beta over the last {@code dims} dimensions (Ba et al. 2016), variance with
 * divisor n. Operands: x, gamma and beta of the normalised shape. Results: y and, for the gradient, mean and
 * 1/√(variance + eps), one per row. Where x is of 16 bits y is too, and the others are float32.
 */
public record LayerNorm(int dims, double eps) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 3, 3);
        TensorSpec x = inputs.getFirst();
        Check.that(x.dtype().isFloating(), this, inputs, "floating x");
        Check.that(dims >= 1 && dims <= x.rank(), this, inputs, "1 to " + x.rank() + " normalised dimensions");
        int[] all = x.shape().toArray();
        Shape normalised = Shape.of(Arrays.copyOfRange(all, all.length - dims, all.length));
        TensorSpec weight = TensorSpec.of(normalised, x.dtype().statistics());
        Check.that(inputs.subList(1, 3).stream().allMatch(w -> w.shape().equals(normalised)
                && w.dtype() == weight.dtype()), this, inputs, "gamma and beta " + weight);
        TensorSpec rows = TensorSpec.of(Shape.of(Arrays.copyOf(all, all.length - dims)), weight.dtype());
        return List.of(x.rowMajor(), rows, rows);
    }

    @Override
    public Saves saves() {
        return Saves.inputs(0, 1).andOutputs(1, 2);
    }

    @Override
    public void vjp(Backward b) {
        List<Tensor> gradients = Dispatcher.runAll(new LayerNormBackward(dims),
                List.of(b.upstream().to(b.input(0).dtype()), b.input(0), b.input(1), b.output(1), b.output(2)));
        b.to(0, () -> gradients.get(0));
        b.to(1, () -> gradients.get(1));
        b.to(2, () -> gradients.get(2));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perInput(8, inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.KEEP;
    }
}
