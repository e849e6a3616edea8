package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * y = x / max(‖x‖₂, eps) along {@code axis} (0 … rank − 1); results: y and the divisor max(‖x‖₂, eps), with the axis of
 * size 1. No gradient flows through the divisor as a result. A zero row gives 0 and the gradient dy / eps, as torch's.
 */
public record L2Normalize(int axis, double eps) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        Check.floating(this, inputs);
        TensorSpec x = inputs.getFirst();
        Check.that(axis >= 0 && axis < x.rank() && eps > 0, this, inputs, "an axis of 0 … rank − 1 and eps > 0");
        return List.of(x.rowMajor(), TensorSpec.of(x.shape().with(axis, 1), x.dtype()));
    }

    @Override
    public Saves saves() {
        return Saves.outputs(0, 1);
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Dispatcher.run(new L2NormalizeBackward(axis), b.upstream(0), b.output(0), b.output(1)));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perInput(3, inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.FULL;
    }
}
