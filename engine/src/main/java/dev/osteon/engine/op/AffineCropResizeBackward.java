package dev.osteon.engine.op;

import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** Transpose of {@link AffineCropResize}: operands dy, matrices, image numbers; result of shape {@code images}. */
public record AffineCropResizeBackward(AffineCropResize forward, Shape images) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 3, 3);
        Check.rank(this, inputs, 0, 4);
        return List.of(inputs.getFirst().withShape(images));
    }

    @Override
    public boolean differentiable() {
        return false;
    }

    @Override
    public Precision precision() {
        return Precision.KEEP;
    }
}
