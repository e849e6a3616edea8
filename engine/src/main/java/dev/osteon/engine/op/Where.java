package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** y = condition ? a : b with broadcasting; operands: condition (bool), a, b of one type. */
public record Where() implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 3, 3);
        Check.that(inputs.getFirst().dtype() == DType.BOOL, this, inputs, "a bool condition");
        TensorSpec values = Binary.broadcast(this, inputs.subList(1, 3));
        Shape shape = Shape.broadcast(inputs.getFirst().shape(), values.shape());
        boolean nhwc = inputs.stream().anyMatch(s -> s.layout() == Layout.NHWC && s.shape().equals(shape));
        return List.of(new TensorSpec(shape, values.dtype(), nhwc ? Layout.NHWC : Layout.ROW_MAJOR));
    }

    @Override
    public Saves saves() {
        return Saves.inputs(0);
    }

    @Override
    public void vjp(Backward b) {
        Tensor dy = b.upstream();
        b.to(1, () -> Ops.sumTo(Ops.where(b.input(0), dy, zero(dy)), b.inputSpec(1).shape()));
        b.to(2, () -> Ops.sumTo(Ops.where(b.input(0), zero(dy), dy), b.inputSpec(2).shape()));
    }

    private static Tensor zero(Tensor dy) {
        return Ops.full(dy.device(), Shape.SCALAR, dy.dtype(), 0);
    }
}
