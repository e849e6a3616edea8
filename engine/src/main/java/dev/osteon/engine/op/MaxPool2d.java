package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Maximum over windows of x [N, C, H, W], padded with −∞. Results: y and the winner's place in its window (u8,
 * row · kernel width + column); of equal values the first in row-major order wins.
 */
public record MaxPool2d(Window kernel, Window stride, Window padding) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        Check.floating(this, inputs);
        Check.rank(this, inputs, 0, 4);
        Check.that(kernel.height() * kernel.width() <= 256 && 2 * padding.height() <= kernel.height()
                && 2 * padding.width() <= kernel.width(), this, inputs,
                "a kernel of at most 256 places and padding of at most half of it");
        TensorSpec y = inputs.getFirst().withShape(pooled(this, inputs, kernel, stride, padding));
        return List.of(y, y.withDType(DType.U8));
    }

    static Shape pooled(Op op, List<TensorSpec> inputs, Window kernel, Window stride, Window padding) {
        TensorSpec x = inputs.getFirst();
        int height = Conv2d.extent(x.dim(2), kernel.height(), stride.height(), padding.height(), 1);
        int width = Conv2d.extent(x.dim(3), kernel.width(), stride.width(), padding.width(), 1);
        Check.that(height > 0 && width > 0, op, inputs, "a kernel no larger than the padded image");
        return Shape.of(x.dim(0), x.dim(1), height, width);
    }

    @Override
    public Saves saves() {
        return Saves.outputs(1);
    }

    @Override
    public void vjp(Backward b) {
        TensorSpec x = b.inputSpec(0);
        b.to(0, () -> Dispatcher.run(new MaxPool2dBackward(this, new Window(x.dim(2), x.dim(3))), b.upstream(0),
                b.output(1)));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return new Cost((double) kernel.height() * kernel.width() * outputs.getFirst().shape().size(),
                Cost.traffic(inputs, outputs));
    }
}
