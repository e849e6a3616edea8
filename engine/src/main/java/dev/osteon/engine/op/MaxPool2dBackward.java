package dev.osteon.engine.op;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** Gradient of {@link MaxPool2d}: operands dy and the winners' places; result [N, C, image]. */
public record MaxPool2dBackward(MaxPool2d pool, Window image) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 2, 2);
        Check.that(inputs.get(0).shape().equals(inputs.get(1).shape()), this, inputs, "as many places as gradients");
        TensorSpec dy = inputs.getFirst();
        return List.of(dy.withShape(Shape.of(dy.dim(0), dy.dim(1), image.height(), image.width())));
    }

    @Override
    public boolean differentiable() {
        return false;
    }
}
