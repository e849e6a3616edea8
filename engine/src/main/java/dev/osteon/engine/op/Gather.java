package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * One element along the last axis for each row: operands x [..., n] and indices [...] (i32 or i64, within
 * 0 … n − 1); result [...]. Picks each sample's target in a cross-entropy.
 */
public record Gather() implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 2, 2);
        TensorSpec x = inputs.get(0);
        TensorSpec index = inputs.get(1);
        Check.that(index.dtype() == DType.I32 || index.dtype() == DType.I64, this, inputs,
                "indices of type i32 or i64");
        Check.that(x.rank() == index.rank() + 1 && matches(x, index), this, inputs,
                "indices of x's shape without its last dimension");
        return List.of(TensorSpec.of(index.shape(), x.dtype()));
    }

    private static boolean matches(TensorSpec x, TensorSpec index) {
        for (int i = 0; i < index.rank(); i++) {
            if (x.dim(i) != index.dim(i)) {
                return false;
            }
        }
        return true;
    }

    @Override
    public Saves saves() {
        return Saves.inputs(1);
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Ops.gatherBackward(b.upstream(), b.input(1), b.inputSpec(0).dim(-1)));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return new Cost(0, 2.0 * outputs.getFirst().bytes() + inputs.get(1).bytes());
    }
}
