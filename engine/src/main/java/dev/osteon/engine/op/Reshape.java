package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** The same elements in row-major order under another shape: a view. */
public record Reshape(Shape shape) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        Check.that(inputs.getFirst().shape().size() == shape.size(), this, inputs, "as many elements as before");
        return List.of(TensorSpec.of(shape, inputs.getFirst().dtype()));
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Ops.reshape(b.upstream(), b.inputSpec(0).shape().toArray()));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return new Cost(0, 0);
    }
}
