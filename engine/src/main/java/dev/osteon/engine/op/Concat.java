package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** Operands of equal shape but for {@code axis}, one after the other along it. */
public record Concat(int axis) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        TensorSpec first = inputs.getFirst();
        int total = 0;
        for (TensorSpec input : inputs) {
            Check.that(input.dtype() == first.dtype() && input.rank() == first.rank()
                            && input.shape().with(axis, 0).equals(first.shape().with(axis, 0)), this, inputs,
                    "equal types and equal sizes but along axis " + axis);
            total += input.dim(axis);
        }
        return List.of(TensorSpec.of(first.shape().with(axis, total), first.dtype()));
    }

    @Override
    public void vjp(Backward b) {
        int start = 0;
        for (int i = 0; i < b.inputs(); i++) {
            int from = start;
            int count = b.inputSpec(i).dim(axis);
            b.to(i, () -> Ops.slice(b.upstream(), axis, from, count, 1));
            start += count;
        }
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(0, inputs, outputs);
    }
}
