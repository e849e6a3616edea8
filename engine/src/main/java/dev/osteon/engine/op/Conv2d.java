package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Cross-correlation, as every framework's "convolution". Operands: x [N, C, H, W], weight [O, C/groups, kh, kw],
 * optional bias [O]; result [N, O, H', W'] with H' = ⌊(H + 2·padding − dilation·(kh − 1) − 1) / stride⌋ + 1,
 * to whose elements the epilogue is applied.
 */
public record Conv2d(Window stride, Window padding, Window dilation, int groups, Epilogue epilogue) implements Op {

    /** The convolution as it is. */
    public Conv2d(Window stride, Window padding, Window dilation, int groups) {
        this(stride, padding, dilation, groups, Epilogue.NONE);
    }

    /** The same without an epilogue. */
    public Conv2d plain() {
        return new Conv2d(stride, padding, dilation, groups);
    }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 2, 3);
        Check.floating(this, inputs);
        Check.rank(this, inputs, 0, 4);
        Check.rank(this, inputs, 1, 4);
        TensorSpec x = inputs.get(0);
        TensorSpec w = inputs.get(1);
        Check.that(groups >= 1 && x.dim(1) == w.dim(1) * groups && w.dim(0) % groups == 0, this, inputs,
                "weight [O, C/groups, kh, kw] with O and C divisible by groups = " + groups);
        Check.that(inputs.size() == 2 || inputs.get(2).shape().equals(Shape.of(w.dim(0))), this, inputs,
                "a bias of [" + w.dim(0) + "]");
        int height = extent(x.dim(2), w.dim(2), stride.height(), padding.height(), dilation.height());
        int width = extent(x.dim(3), w.dim(3), stride.width(), padding.width(), dilation.width());
        Check.that(height > 0 && width > 0, this, inputs, "a kernel no larger than the padded image");
        return List.of(x.withShape(Shape.of(x.dim(0), w.dim(0), height, width)));
    }

    static int extent(int size, int kernel, int stride, int padding, int dilation) {
        int free = size + 2 * padding - dilation * (kernel - 1) - 1;
        return free < 0 ? 0 : free / stride + 1;
    }

    @Override
    public Saves saves() {
        return Products.saves(epilogue);
    }

    @Override
    public void vjp(Backward b) {
        Conv2d plain = plain();
        Tensor dy = Products.upstream(plain, epilogue, b);
        ConvTranspose2d transpose = transposeFor(b.inputSpec(0), kernelOf(b.inputSpec(1)), b.outputSpec(0));
        b.to(0, () -> Dispatcher.run(transpose, dy, b.input(1)), new ConvTranspose2dOnto(transpose), dy, b.input(1));
        b.to(1, () -> Dispatcher.run(Conv2dBackwardWeights.of(plain, b.inputSpec(1)), b.input(0), dy));
        b.to(2, () -> Ops.reshape(Ops.sum(dy, 0, 2, 3), b.inputSpec(2).dim(0)));
    }

    private static Window kernelOf(TensorSpec weight) {
        return new Window(weight.dim(2), weight.dim(3));
    }

    /**
     * The transposed convolution that maps gradients of y back to x: same weights, rows that no window saw are zero.
     */
    ConvTranspose2d transposeFor(TensorSpec x, Window kernel, TensorSpec y) {
        int bottom = x.dim(2) + 2 * padding.height() - dilation.height() * (kernel.height() - 1) - 1
                - (y.dim(2) - 1) * stride.height();
        int right = x.dim(3) + 2 * padding.width() - dilation.width() * (kernel.width() - 1) - 1
                - (y.dim(3) - 1) * stride.width();
        return new ConvTranspose2d(stride, padding, new Window(bottom, right), dilation, groups);
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        TensorSpec w = inputs.get(1);
        return Cost.perOutput(2.0 * w.dim(1) * w.dim(2) * w.dim(3), inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.LOW;
    }
}
