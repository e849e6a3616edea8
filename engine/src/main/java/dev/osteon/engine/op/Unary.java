package dev.osteon.engine.op;

import static dev.osteon.engine.op.Ops.affine;
import static dev.osteon.engine.op.Ops.mul;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;
import java.util.Locale;

/** y = f(x), element by element, for floating x of any shape. */
public record Unary(Function function) implements Op {

    /** The functions. */
    public enum Function {
        EXP, LOG, SQRT, RSQRT, ABS, SIGN, TANH, SIGMOID, RELU, GELU, GELU_TANH, ERF, SOFTPLUS, RECIPROCAL, SIN, COS,
        /** The whole number below, above, and nearest with ties to even; slope 0. */
        FLOOR, CEIL, ROUND,
        TAN, ASIN, ACOS, ATAN, SINH, COSH, ASINH, ACOSH, ATANH
    }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        Check.floating(this, inputs);
        return inputs;
    }

    @Override
    public Saves saves() {
        return switch (function) {
            case EXP, SQRT, RSQRT, TANH, SIGMOID, RELU, RECIPROCAL, TAN -> Saves.outputs(0);
            case SIGN, FLOOR, CEIL, ROUND -> Saves.NOTHING;
            default -> Saves.inputs(0);
        };
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> gradient(b, b.upstream()));
    }

    private Tensor gradient(Backward b, Tensor dy) {
        return switch (function) {
            case EXP -> mul(dy, b.output(0));
            case LOG -> Ops.div(dy, b.input(0));
            case SQRT -> Ops.div(affine(dy, 0.5, 0), b.output(0));
            case RSQRT -> mul(affine(dy, -0.5, 0), cube(b.output(0)));
            case ABS -> mul(dy, Ops.sign(b.input(0)));
            case SIGN, FLOOR, CEIL, ROUND -> affine(dy, 0, 0);
            case TANH -> mul(dy, affine(square(b.output(0)), -1, 1));
            case SIGMOID -> mul(dy, mul(b.output(0), affine(b.output(0), -1, 1)));
            case RELU -> Ops.where(Ops.greater(b.output(0), zeroOf(dy)), dy, zeroOf(dy));
            case GELU -> mul(dy, geluSlope(b.input(0)));
            case GELU_TANH -> mul(dy, geluTanhSlope(b.input(0)));
            case ERF -> mul(affine(dy, 2 / Math.sqrt(Math.PI), 0), Ops.exp(affine(square(b.input(0)), -1, 0)));
            case SOFTPLUS -> mul(dy, Ops.sigmoid(b.input(0)));
            case RECIPROCAL -> mul(affine(dy, -1, 0), square(b.output(0)));
            case SIN -> mul(dy, Ops.cos(b.input(0)));
            case COS -> mul(affine(dy, -1, 0), Ops.sin(b.input(0)));
            case TAN -> mul(dy, affine(square(b.output(0)), 1, 1));
            case ASIN -> mul(dy, Ops.rsqrt(affine(square(b.input(0)), -1, 1)));
            case ACOS -> mul(affine(dy, -1, 0), Ops.rsqrt(affine(square(b.input(0)), -1, 1)));
            case ATAN -> Ops.div(dy, affine(square(b.input(0)), 1, 1));
            case SINH -> mul(dy, apply(Function.COSH, b.input(0)));
            case COSH -> mul(dy, apply(Function.SINH, b.input(0)));
            case ASINH -> mul(dy, Ops.rsqrt(affine(square(b.input(0)), 1, 1)));
            case ACOSH -> mul(dy, Ops.rsqrt(affine(square(b.input(0)), 1, -1)));
            case ATANH -> Ops.div(dy, affine(square(b.input(0)), -1, 1));
        };
    }

    private static Tensor apply(Function function, Tensor x) {
        return Dispatcher.run(new Unary(function), x);
    }

    static Tensor zeroOf(Tensor like) {
        return Ops.full(like.device(), dev.osteon.engine.tensor.Shape.SCALAR, like.dtype(), 0);
    }

    private static Tensor square(Tensor x) {
        return mul(x, x);
    }

    private static Tensor cube(Tensor x) {
        return mul(x, mul(x, x));
    }

    /** d/dx x·Φ(x) = Φ(x) + x·φ(x). */
    static Tensor geluSlope(Tensor x) {
        Tensor cdf = affine(Ops.erf(affine(x, Math.sqrt(0.5), 0)), 0.5, 0.5);
        Tensor pdf = affine(Ops.exp(affine(square(x), -0.5, 0)), 1 / Math.sqrt(2 * Math.PI), 0);
        return Ops.add(cdf, mul(x, pdf));
    }

    /** d/dx ½x(1 + tanh u), u = √(2/π)(x + 0.044715x³). */
    private static Tensor geluTanhSlope(Tensor x) {
        double c = Math.sqrt(2 / Math.PI);
        Tensor t = Ops.tanh(affine(Ops.add(x, affine(cube(x), 0.044715, 0)), c, 0));
        Tensor du = affine(square(x), 3 * 0.044715 * c, c);
        Tensor second = mul(affine(x, 0.5, 0), mul(affine(square(t), -1, 1), du));
        return Ops.add(affine(t, 0.5, 0.5), second);
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(function == Function.RELU || function == Function.ABS ? 1 : 8, inputs, outputs);
    }

    @Override
    public Precision precision() {
        return switch (function) {
            case EXP, LOG, SQRT, RSQRT, SOFTPLUS, ERF, RECIPROCAL -> Precision.FULL;
            case TAN, ASIN, ACOS, ATAN, SINH, COSH, ASINH, ACOSH, ATANH -> Precision.FULL;
            default -> Precision.FOLLOW;
        };
    }

    @Override
    public String name() {
        return function.name().toLowerCase(Locale.ROOT);
    }
}
