package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** The same values in another element type: to nearest even for floating types, towards zero for integers. */
public record Cast(DType to) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        return List.of(inputs.getFirst().withDType(to));
    }

    @Override
    public boolean differentiable() {
        return to.isFloating();
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Ops.cast(b.upstream(), b.inputSpec(0).dtype()));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(0, inputs, outputs);
    }
}
