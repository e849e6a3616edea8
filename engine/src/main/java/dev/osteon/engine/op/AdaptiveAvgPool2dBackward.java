package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** Gradient of {@link AdaptiveAvgPool2d}: each cell's gradient spread over its pixels; result [N, C, image]. */
public record AdaptiveAvgPool2dBackward(Window image) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        Check.rank(this, inputs, 0, 4);
        TensorSpec dy = inputs.getFirst();
        return List.of(dy.withShape(Shape.of(dy.dim(0), dy.dim(1), image.height(), image.width())));
    }

    @Override
    public void vjp(Backward b) {
        TensorSpec dy = b.inputSpec(0);
        b.to(0, () -> Dispatcher.run(new AdaptiveAvgPool2d(new Window(dy.dim(2), dy.dim(3))), b.upstream()));
    }
}
