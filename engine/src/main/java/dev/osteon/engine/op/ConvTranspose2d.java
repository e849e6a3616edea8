package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * The transpose of {@link Conv2d}, also its gradient with respect to x. Operands: x [N, C, H, W], weight
 * [C, O/groups, kh, kw], optional bias [O]; result [N, O, H', W'] with
 * H' = (H − 1)·stride − 2·padding + dilation·(kh − 1) + outputPadding + 1.
 */
public record ConvTranspose2d(Window stride, Window padding, Window outputPadding, Window dilation, int groups)
        implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 2, 3);
        Check.floating(this, inputs);
        Check.rank(this, inputs, 0, 4);
        Check.rank(this, inputs, 1, 4);
        TensorSpec x = inputs.get(0);
        TensorSpec w = inputs.get(1);
        Check.that(groups >= 1 && x.dim(1) == w.dim(0) && w.dim(0) % groups == 0, this, inputs,
                "weight [C, O/groups, kh, kw] with C divisible by groups = " + groups);
        int channels = w.dim(1) * groups;
        Check.that(inputs.size() == 2 || inputs.get(2).shape().equals(Shape.of(channels)), this, inputs,
                "a bias of [" + channels + "]");
        Check.that(outputPadding.height() >= 0 && outputPadding.height() < Math.max(stride.height(), dilation.height())
                        && outputPadding.width() >= 0 && outputPadding.width() < Math
                                .max(stride.width(), dilation.width()),
                this, inputs, "output padding of 0 or more and smaller than stride or dilation");
        int height = (x.dim(2) - 1) * stride.height() - 2 * padding.height() + dilation.height() * (w.dim(2) - 1)
                + outputPadding.height() + 1;
        int width = (x.dim(3) - 1) * stride.width() - 2 * padding.width() + dilation.width() * (w.dim(3) - 1)
                + outputPadding.width() + 1;
        Check.that(height > 0 && width > 0, this, inputs, "less padding");
        return List.of(x.withShape(Shape.of(x.dim(0), channels, height, width)));
    }

    /** The convolution whose transpose this is. */
    public Conv2d convolution() {
        return new Conv2d(stride, padding, dilation, groups);
    }

    @Override
    public Saves saves() {
        return Saves.inputs(0, 1);
    }

    @Override
    public void vjp(Backward b) {
        Tensor dy = b.upstream();
        b.to(0, () -> Dispatcher.run(convolution(), dy, b.input(1)));
        b.to(1, () -> Dispatcher.run(Conv2dBackwardWeights.of(convolution(), b.inputSpec(1)), dy, b.input(0)));
        b.to(2, () -> Ops.reshape(Ops.sum(dy, 0, 2, 3), b.inputSpec(2).dim(0)));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        TensorSpec w = inputs.get(1);
        return Cost.perInput(2.0 * w.dim(1) * w.dim(2) * w.dim(3), inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.LOW;
    }
}
