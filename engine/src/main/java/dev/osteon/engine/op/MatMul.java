package dev.osteon.engine.op;

import static dev.osteon.engine.op.Ops.sumTo;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;

/**
 * y = f(op(a)·op(b) (+ bias)) over the last two dimensions, the leading ones broadcast; op transposes where asked, f is
 * the epilogue.
 * Operands: a [..., m, k] (or [..., k, m] transposed), b [..., k, n] (or [..., n, k]), optional bias [n].
 */
public record MatMul(Transpose a, Transpose b, Epilogue epilogue) implements Op {

    /** Whether an operand's last two dimensions are swapped before the product. */
    public enum Transpose { NO, YES }

    /** The product as it is. */
    public MatMul(Transpose a, Transpose b) {
        this(a, b, Epilogue.NONE);
    }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 2, 3);
        Check.floating(this, inputs);
        TensorSpec left = inputs.get(0);
        TensorSpec right = inputs.get(1);
        Check.that(left.rank() >= 2 && right.rank() >= 2, this, inputs, "operands of rank 2 or more");
        int m = left.dim(a == Transpose.YES ? -1 : -2);
        int k = left.dim(a == Transpose.YES ? -2 : -1);
        int k2 = right.dim(b == Transpose.YES ? -1 : -2);
        int n = right.dim(b == Transpose.YES ? -2 : -1);
        Check.that(k == k2, this, inputs, "equal inner sizes, not " + k + " and " + k2);
        Check.that(inputs.size() == 2 || inputs.get(2).shape().equals(Shape.of(n)), this, inputs, "a bias of [" + n
                + "]");
        Shape batch = Shape.broadcast(batchOf(left), batchOf(right));
        int[] dims = Arrays.copyOf(batch.toArray(), batch.rank() + 2);
        dims[batch.rank()] = m;
        dims[batch.rank() + 1] = n;
        return List.of(TensorSpec.of(Shape.of(dims), left.dtype()));
    }

    private static Shape batchOf(TensorSpec spec) {
        return Shape.of(Arrays.copyOf(spec.shape().toArray(), spec.rank() - 2));
    }

    @Override
    public Saves saves() {
        return Products.saves(epilogue);
    }

    @Override
    public void vjp(Backward back) {
        Tensor dy = Products.upstream(new MatMul(a, b), epilogue, back);
        back.to(0, () -> sumTo(a == Transpose.NO
                ? product(dy, Transpose.NO, back.input(1), flip(b))          // dA = dY·op(B)ᵀ
                : product(back.input(1), b, dy, Transpose.YES), back.inputSpec(0).shape()));
        back.to(1, () -> sumTo(b == Transpose.NO
                ? product(back.input(0), flip(a), dy, Transpose.NO)          // dB = op(A)ᵀ·dY
                : product(dy, Transpose.YES, back.input(0), a), back.inputSpec(1).shape()));
        back.to(2, () -> sumTo(dy, back.inputSpec(2).shape()));
    }

    private static Tensor product(Tensor left, Transpose l, Tensor right, Transpose r) {
        return Dispatcher.run(new MatMul(l, r), left, right);
    }

    private static Transpose flip(Transpose transpose) {
        return transpose == Transpose.NO ? Transpose.YES : Transpose.NO;
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        double k = inputs.getFirst().dim(a == Transpose.YES ? -2 : -1);
        return Cost.perOutput(2 * k, inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.LOW;
    }
}
