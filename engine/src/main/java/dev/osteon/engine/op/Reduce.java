package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Locale;

/**
 * Sum, mean or maximum over {@code axes} (0 … rank − 1, ascending), which stay in the result with size 1. Summation
 * order is fixed, so results repeat bit for bit. A maximum's gradient is shared equally between ties.
 */
public record Reduce(Function function, List<Integer> axes) implements Op {

    /** The functions. */
    public enum Function { SUM, MEAN, MAX }

    public Reduce {
        axes = List.copyOf(axes);
    }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        TensorSpec x = inputs.getFirst();
        Shape shape = x.shape();
        for (int axis : axes) {
            Check.that(axis >= 0 && axis < x.rank(), this, inputs, "axes of 0 … " + (x.rank() - 1));
            Check.that(function == Function.SUM || x.dim(axis) > 0, this, inputs, "axes that are not empty");
            shape = shape.with(axis, 1);
        }
        return List.of(TensorSpec.of(shape, x.dtype()));
    }

    /** Number of elements that one result element combines. */
    public static long count(TensorSpec input, TensorSpec output) {
        return output.shape().size() == 0 ? 0 : input.shape().size() / output.shape().size();
    }

    @Override
    public Saves saves() {
        return function == Function.MAX ? Saves.inputs(0).andOutputs(0) : Saves.NOTHING;
    }

    @Override
    public void vjp(Backward b) {
        Tensor dy = b.upstream();
        Shape shape = b.inputSpec(0).shape();
        b.to(0, () -> switch (function) {
            case SUM -> Ops.expand(dy, shape);
            case MEAN -> Ops.expand(Ops.affine(dy, 1.0 / count(b.inputSpec(0), b.outputSpec(0)), 0), shape);
            case MAX -> {
                Tensor hit = Ops.cast(Ops.equal(b.input(0), b.output(0)), dy.dtype());
                Tensor share = Ops.div(dy, Dispatcher.run(new Reduce(Function.SUM, axes), hit));
                yield Ops.mul(hit, share);
            }
        });
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perInput(1, inputs, outputs);
    }

    @Override
    public Precision precision() {
        return function == Function.MAX ? Precision.FOLLOW : Precision.FULL;
    }

    @Override
    public String name() {
        return function.name().toLowerCase(Locale.ROOT);
    }
}
