package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Scaled dot-product attention (Vaswani et al. 2017, eq. 1) of each sample and head: y = softmax(scale·q·kᵀ + bias)·v.
 * Operands: q [N, T, H, D], k [N, S, H, D], v [N, S, H, E], optional bias, which broadcasts to [N, H, T, S]; result
 * [N, T, H, E]. Scores are used up in the cache: nothing of size [T, S] is kept.
 */
public record Attention(double scale) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 3, 4);
        Check.floating(this, inputs);
        for (int i = 0; i < 3; i++) {
            Check.rank(this, inputs, i, 4);
        }
        TensorSpec q = inputs.get(0);
        TensorSpec k = inputs.get(1);
        TensorSpec v = inputs.get(2);
        Check.that(k.dim(0) == q.dim(0) && v.dim(0) == q.dim(0) && k.dim(2) == q.dim(2) && v.dim(2) == q.dim(2)
                && k.dim(3) == q.dim(3) && v.dim(1) == k.dim(1), this, inputs,
                "q [N, T, H, D], k [N, S, H, D], v [N, S, H, E]");
        Shape scores = Shape.of(q.dim(0), q.dim(2), q.dim(1), k.dim(1));
        Check.that(inputs.size() == 3 || Shape.broadcast(inputs.get(3).shape(), scores).equals(scores), this, inputs,
                "a bias that broadcasts to " + scores);
        return List.of(TensorSpec.of(Shape.of(q.dim(0), q.dim(1), q.dim(2), v.dim(3)), q.dtype()));
    }

    @Override
    public Saves saves() {
        return Saves.inputs(0, 1, 2, 3);
    }

    @Override
    public void vjp(Backward b) {
        Tensor q = swapped(b.input(0));                                     // [N, H, T, D]
        Tensor k = swapped(b.input(1));                                     // [N, H, S, D]
        Tensor v = swapped(b.input(2));                                     // [N, H, S, E]
        Tensor dy = swapped(b.upstream());                                  // [N, H, T, E]
        Tensor scores = Ops.affine(Ops.matmulTransposed(q, k), scale, 0);
        Tensor p = Ops.softmax(b.inputs() == 4 ? Ops.add(scores, b.input(3)) : scores, 3);
        Tensor pdp = Ops.mul(p, Ops.matmulTransposed(dy, v));
        Tensor total = Ops.sumTo(pdp, Shape.of(p.dim(0), p.dim(1), p.dim(2), 1));
        Tensor ds = Ops.sub(pdp, Ops.mul(p, total));                        // P ⊙ (dP − Σ P ⊙ dP)
        b.to(0, () -> swapped(Ops.affine(Ops.matmul(ds, k), scale, 0)));
        b.to(1, () -> swapped(Ops.affine(Ops.transposedMatmul(ds, q), scale, 0)));
        b.to(2, () -> swapped(Ops.transposedMatmul(p, dy)));
        b.to(3, () -> Ops.sumTo(ds, b.inputSpec(3).shape()));
    }

    private static Tensor swapped(Tensor x) {
        return Ops.permute(x, 0, 2, 1, 3);
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        TensorSpec k = inputs.get(1);
        return Cost.perOutput(2.0 * k.dim(1) * (1 + (double) k.dim(3) / Math.max(1, inputs.get(2).dim(3))), inputs,
                outputs);
    }

    @Override
    public Precision precision() {
        return Precision.LOW;
    }
}
