package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** Mean over windows of x [N, C, H, W]; what of the padding counts is said by {@code divisor}. */
public record AvgPool2d(Window kernel, Window stride, Window padding, Divisor divisor) implements Op {

    /** What the sum over a window is divided by. */
    public enum Divisor {
        /** The kernel's size: padding counts as zeros. */
        KERNEL,
        /** The number of places inside the image. */
        VALID
    }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        Check.floating(this, inputs);
        Check.rank(this, inputs, 0, 4);
        return List.of(inputs.getFirst().withShape(MaxPool2d.pooled(this, inputs, kernel, stride, padding)));
    }

    @Override
    public void vjp(Backward b) {
        TensorSpec x = b.inputSpec(0);
        b.to(0, () -> Dispatcher.run(new AvgPool2dBackward(this, new Window(x.dim(2), x.dim(3))), b.upstream()));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput((double) kernel.height() * kernel.width(), inputs, outputs);
    }
}
