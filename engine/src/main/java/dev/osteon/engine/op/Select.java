package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Whole rows along {@code axis}, by number: operands x and indices [m] (i32 or i64, within 0 … size − 1); result is x's
 * shape with m in place of the axis's size. An embedding look-up is {@code axis} 0.
 */
public record Select(int axis) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 2, 2);
        TensorSpec index = inputs.get(1);
        Check.that(index.rank() == 1 && (index.dtype() == DType.I32 || index.dtype() == DType.I64), this, inputs,
                "indices [m] of type i32 or i64");
        TensorSpec x = inputs.getFirst();
        return List.of(TensorSpec.of(x.shape().with(axis, index.dim(0)), x.dtype()));
    }

    @Override
    public Saves saves() {
        return Saves.inputs(1);
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Ops.selectBackward(b.upstream(), b.input(1), axis, b.inputSpec(0).dim(axis)));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return new Cost(0, 2.0 * outputs.getFirst().bytes() + inputs.get(1).bytes());
    }
}
