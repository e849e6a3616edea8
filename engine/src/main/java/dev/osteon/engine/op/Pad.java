package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * {@code value} put before and after x along {@code axis}, and step − 1 times between its elements. Size along the
 * axis: before + (n − 1)·step + 1 + after for n ≥ 1, before + after for n = 0.
 */
public record Pad(int axis, int before, int after, int step, double value) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        TensorSpec x = inputs.getFirst();
        Check.that(before >= 0 && after >= 0 && step >= 1, this, inputs,
                "padding of 0 or more and a step of 1 or more");
        int n = x.dim(axis);
        long size = (long) before + after + (n == 0 ? 0 : (n - 1L) * step + 1);
        Check.that(size <= Integer.MAX_VALUE, this, inputs, "a size of the result of fewer than 2^31");
        return List.of(x.withShape(x.shape().with(axis, (int) size)));
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Ops.slice(b.upstream(), axis, before, b.inputSpec(0).dim(axis), step));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(0, inputs, outputs);
    }
}
