package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** Gradient of {@link AvgPool2d}: each window's gradient spread over its places; result [N, C, image]. */
public record AvgPool2dBackward(AvgPool2d pool, Window image) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        TensorSpec dy = inputs.getFirst();
        return List.of(dy.withShape(Shape.of(dy.dim(0), dy.dim(1), image.height(), image.width())));
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Dispatcher.run(pool, b.upstream()));
    }
}
