package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * y = −Σ_k q_k·log softmax(scale·x)_k for each row: the cross-entropy against distributions, or any weights, over the
 * classes. Operands: logits x and q [n, k]. Results: y [n] and, for the gradient, log Σ exp(scale·x) [n], through which
 * none flows.
 *
 * @param scale finite; 1 / temperature
 */
public record SoftCrossEntropy(double scale) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 2, 2);
        Check.floating(this, inputs);
        TensorSpec x = inputs.getFirst();
        Check.that(x.rank() == 2 && x.dim(1) >= 1 && x.shape().equals(inputs.get(1).shape()) && Double.isFinite(scale),
                this, inputs, "logits and weights of one shape [n, k] with k of 1 or more, a finite scale");
        TensorSpec rows = TensorSpec.of(Shape.of(x.dim(0)), x.dtype());
        return List.of(rows, rows);
    }

    @Override
    public Saves saves() {
        return Saves.inputs(0, 1).andOutputs(1);
    }

    @Override
    public void vjp(Backward b) {
        Tensor dy = b.upstream(0);
        b.to(0, () -> Dispatcher.run(new SoftCrossEntropyBackward(scale), b.input(0), b.input(1), b.output(1), dy));
        b.to(1, () -> {
            Tensor logP = Ops.sub(Ops.affine(b.input(0), scale, 0), Ops.reshape(b.output(1), -1, 1));
            return Ops.mul(logP, Ops.reshape(Ops.neg(dy), -1, 1));
        });
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perInput(12, inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.FULL;
    }
}
