package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;

/**
 * Batch normalisation with given statistics: y = act(gamma·(x − mean)/√(variance + eps) + beta (+ residual)).
 * Operands: x [N, C, ...], gamma, beta, mean, variance [C], optional residual of x's shape.
 */
public record BatchNormEval(double eps, Activation activation) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 5, 6);
        BatchNormTrain.statisticsFit(this, inputs, 1, 5);
        TensorSpec x = inputs.getFirst();
        Check.that(inputs.size() == 5 || inputs.get(5).shape().equals(x.shape()), this, inputs, "a residual like x");
        return List.of(x);
    }

    @Override
    public Saves saves() {
        return activation == Activation.RELU ? Saves.inputs(0, 1, 3, 4).andOutputs(0) : Saves.inputs(0, 1, 3, 4);
    }

    @Override
    public void vjp(Backward b) {
        Tensor dy = b.upstream();
        Tensor zero = Ops.full(dy.device(), Shape.SCALAR, dy.dtype(), 0);
        Tensor g = activation == Activation.RELU ? Ops.where(Ops.greater(b.output(0), zero), dy, zero) : dy;
        int rank = b.inputSpec(0).rank();
        int[] perChannel = new int[rank];
        Arrays.fill(perChannel, 1);
        perChannel[1] = b.inputSpec(0).dim(1);
        Tensor mean = Ops.reshape(b.input(3), perChannel);
        Tensor inverse = Ops.reshape(Ops.rsqrt(Ops.affine(b.input(4), 1, eps)), perChannel);
        Tensor gamma = Ops.reshape(b.input(1), perChannel);
        int channels = perChannel[1];
        b.to(0, () -> Ops.cast(Ops.mul(g, Ops.mul(gamma, inverse)), b.inputSpec(0).dtype()));
        b.to(1, () -> Ops.reshape(Ops.sumTo(Ops.mul(g, Ops.mul(Ops.sub(b.input(0), mean), inverse)),
                Shape.of(perChannel)), channels));
        b.to(2, () -> Ops.cast(Ops.reshape(Ops.sumTo(g, Shape.of(perChannel)), channels), b.inputSpec(2).dtype()));
        b.to(5, () -> g);
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(2, inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.KEEP;
    }
}
