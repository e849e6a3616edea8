package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Gradient of {@link Conv2d} with respect to its weight. Operands: x, dy; result [O, C/groups, kh, kw].
 *
 * @param layout of the result: the weight's own, so that neither is brought to another for it
 */
public record Conv2dBackwardWeights(Conv2d convolution, Window kernel, Layout layout) implements Op {

    /** With a row-major result. */
    public Conv2dBackwardWeights(Conv2d convolution, Window kernel) {
        this(convolution, kernel, Layout.ROW_MAJOR);
    }

    /** The operation for a weight. */
    static Conv2dBackwardWeights of(Conv2d convolution, TensorSpec weight) {
        return new Conv2dBackwardWeights(convolution, new Window(weight.dim(2), weight.dim(3)), weight.layout());
    }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 2, 2);
        Check.floating(this, inputs);
        TensorSpec x = inputs.get(0);
        TensorSpec dy = inputs.get(1);
        Check.that(x.rank() == 4 && dy.rank() == 4 && x.dim(0) == dy.dim(0)
                        && x.dim(1) % convolution.groups() == 0, this, inputs, "x and dy of one convolution");
        TensorSpec weight = new TensorSpec(Shape.of(dy.dim(1), x.dim(1) / convolution.groups(), kernel.height(),
                kernel.width()), x.dtype(), layout);
        Shape expected = convolution.infer(List.of(x, weight)).getFirst().shape();
        Check.that(expected.equals(dy.shape()), this, inputs, "dy of shape " + expected);
        return List.of(weight);
    }

    @Override
    public Saves saves() {
        return Saves.inputs(0, 1);
    }

    /** It is linear in x and in dy: both gradients are convolutions with the upstream as the weight. */
    @Override
    public void vjp(Backward b) {
        Tensor dw = b.upstream();
        b.to(0, () -> Dispatcher.run(convolution.transposeFor(b.inputSpec(0), kernel, b.inputSpec(1)), b.input(1), dw));
        b.to(1, () -> Dispatcher.run(convolution, b.input(0), dw));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        TensorSpec dy = inputs.get(1);
        double perWeight = 2.0 * dy.dim(0) * dy.dim(2) * dy.dim(3);
        return Cost.perOutput(perWeight, inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.LOW;
    }
}
