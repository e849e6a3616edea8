package dev.osteon.engine.op;

import static dev.osteon.engine.op.Ops.affine;
import static dev.osteon.engine.op.Ops.div;
import static dev.osteon.engine.op.Ops.mul;
import static dev.osteon.engine.op.Ops.sumTo;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Locale;

/** y = f(a, b), element by element with NumPy broadcasting; operands of one numeric type. */
public record Binary(Function function) implements Op {

    /** The functions. POW is for a &gt; 0 where b is differentiated. */
    public enum Function { ADD, SUB, MUL, DIV, POW, MAXIMUM, MINIMUM }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 2, 2);
        return List.of(broadcast(this, inputs));
    }

    /** The broadcast specification: channels-last if the operand that spans the result is. */
    static TensorSpec broadcast(Op op, List<TensorSpec> inputs) {
        TensorSpec a = inputs.get(0);
        TensorSpec b = inputs.get(1);
        Check.that(a.dtype() == b.dtype(), op, inputs, "operands of one element type; cast one of them first");
        Shape shape = Shape.broadcast(a.shape(), b.shape());
        boolean nhwc = a.layout() == Layout.NHWC && a.shape().equals(shape)
                || b.layout() == Layout.NHWC && b.shape().equals(shape);
        return new TensorSpec(shape, a.dtype(), nhwc ? Layout.NHWC : Layout.ROW_MAJOR);
    }

    @Override
    public Saves saves() {
        return switch (function) {
            case ADD, SUB -> Saves.NOTHING;
            case POW -> Saves.inputs(0, 1).andOutputs(0);
            default -> Saves.inputs(0, 1);
        };
    }

    @Override
    public void vjp(Backward b) {
        Tensor dy = b.upstream();
        Shape first = b.inputSpec(0).shape();
        Shape second = b.inputSpec(1).shape();
        b.to(0, () -> sumTo(toFirst(b, dy), first));
        b.to(1, () -> sumTo(toSecond(b, dy), second));
    }

    private Tensor toFirst(Backward b, Tensor dy) {
        return switch (function) {
            case ADD, SUB -> dy;
            case MUL -> mul(dy, b.input(1));
            case DIV -> div(dy, b.input(1));
            case POW -> mul(dy, mul(b.input(1), Ops.pow(b.input(0), affine(b.input(1), 1, -1))));
            case MAXIMUM -> masked(Ops.greaterEqual(b.input(0), b.input(1)), dy);
            case MINIMUM -> masked(Ops.lessEqual(b.input(0), b.input(1)), dy);
        };
    }

    private Tensor toSecond(Backward b, Tensor dy) {
        return switch (function) {
            case ADD -> dy;
            case SUB -> affine(dy, -1, 0);
            case MUL -> mul(dy, b.input(0));
            case DIV -> affine(div(mul(dy, b.input(0)), mul(b.input(1), b.input(1))), -1, 0);
            case POW -> mul(dy, mul(b.output(0), Ops.log(b.input(0))));
            case MAXIMUM -> masked(Ops.less(b.input(0), b.input(1)), dy);
            case MINIMUM -> masked(Ops.greater(b.input(0), b.input(1)), dy);
        };
    }

    private static Tensor masked(Tensor condition, Tensor dy) {
        return Ops.where(condition, dy, Ops.full(dy.device(), Shape.SCALAR, dy.dtype(), 0));
    }

    @Override
    public Precision precision() {
        return function == Function.POW ? Precision.FULL : Precision.FOLLOW;
    }

    @Override
    public String name() {
        return function.name().toLowerCase(Locale.ROOT);
    }
}
