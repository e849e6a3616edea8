package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** y = min(max(x, low), high). The gradient passes where low ≤ x ≤ high. */
public record Clamp(double low, double high) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        Check.floating(this, inputs);
        Check.that(low <= high, this, inputs, "low ≤ high");
        return inputs;
    }

    @Override
    public Saves saves() {
        return Saves.inputs(0);
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> {
            Tensor dy = b.upstream();
            Tensor x = b.input(0);
            Tensor zero = Ops.full(dy.device(), Shape.SCALAR, dy.dtype(), 0);
            Tensor above = Ops.where(Ops.greaterEqual(x, scalar(x, low)), dy, zero);
            return Ops.where(Ops.lessEqual(x, scalar(x, high)), above, zero);
        });
    }

    private static Tensor scalar(Tensor like, double value) {
        return Ops.full(like.device(), Shape.SCALAR, like.dtype(), value);
    }
}
