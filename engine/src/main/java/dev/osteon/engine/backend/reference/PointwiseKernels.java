package dev.osteon.engine.backend.reference;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.host.ErrorFunction;
import dev.osteon.engine.backend.host.ScalarFunctions;
import dev.osteon.engine.op.Affine;
import dev.osteon.engine.op.Binary;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.op.Clamp;
import dev.osteon.engine.op.Compare;
import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.op.MultiTensorSum;
import dev.osteon.engine.op.Unary;
import dev.osteon.engine.op.Where;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/** Element by element. */
final class PointwiseKernels {

    private PointwiseKernels() {}

    static void unary(Unary op, List<Tensor> inputs, List<Tensor> outputs) {
        map(inputs, outputs, function(op.function()));
    }

    /** What follows a product, in place. */
    static void epilogue(Epilogue epilogue, double[] y) {
        epilogue.function().map(PointwiseKernels::function).ifPresent(f -> Arrays.setAll(y, i ->
                f.applyAsDouble(y[i])));
    }

    static void affine(Affine op, List<Tensor> inputs, List<Tensor> outputs) {
        map(inputs, outputs, x -> op.scale() * x + op.shift());
    }

    static void clamp(Clamp op, List<Tensor> inputs, List<Tensor> outputs) {
        map(inputs, outputs, x -> Math.min(Math.max(x, op.low()), op.high()));
    }

    private static void map(List<Tensor> inputs, List<Tensor> outputs, DoubleUnaryOperator f) {
        double[] values = Elements.doubles(inputs.getFirst());
        for (int i = 0; i < values.length; i++) {
            values[i] = f.applyAsDouble(values[i]);
        }
        Elements.write(outputs.getFirst(), values);
    }

    private static DoubleUnaryOperator function(Unary.Function function) {
        return switch (function) {
            case EXP -> Math::exp;
            case LOG -> Math::log;
            case SQRT -> Math::sqrt;
            case RSQRT -> x -> 1 / Math.sqrt(x);
            case ABS -> Math::abs;
            case SIGN -> Math::signum;
            case TANH -> Math::tanh;
            case SIGMOID -> x -> 1 / (1 + Math.exp(-x));
            case RELU -> x -> Math.max(x, 0);
            case GELU -> x -> 0.5 * x * ErrorFunction.erfc(-x * Math.sqrt(0.5));
            case GELU_TANH -> x -> 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
            case ERF -> ErrorFunction::erf;
            case SOFTPLUS -> x -> Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
            case RECIPROCAL -> x -> 1 / x;
            case SIN -> Math::sin;
            case COS -> Math::cos;
            case FLOOR -> Math::floor;
            case CEIL -> Math::ceil;
            case ROUND -> Math::rint;
            case TAN -> Math::tan;
            case ASIN -> Math::asin;
            case ACOS -> Math::acos;
            case ATAN -> Math::atan;
            case SINH -> Math::sinh;
            case COSH -> Math::cosh;
            case ASINH -> ScalarFunctions::asinh;
            case ACOSH -> ScalarFunctions::acosh;
            case ATANH -> ScalarFunctions::atanh;
        };
    }

    static void binary(Binary op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor y = outputs.getFirst();
        Cursor first = Cursor.broadcast(inputs.get(0).shape(), y.shape());
        Cursor second = Cursor.broadcast(inputs.get(1).shape(), y.shape());
        if (y.dtype().isFloating()) {
            double[] a = Elements.doubles(inputs.get(0));
            double[] b = Elements.doubles(inputs.get(1));
            double[] values = new double[Elements.count(y)];
            for (int i = 0; i < values.length; i++) {
                values[i] = apply(op.function(), a[first.next()], b[second.next()]);
            }
            Elements.write(y, values);
        } else {
            long[] a = Elements.integers(inputs.get(0));
            long[] b = Elements.integers(inputs.get(1));
            long[] values = new long[Elements.count(y)];
            for (int i = 0; i < values.length; i++) {
                values[i] = apply(op.function(), a[first.next()], b[second.next()]);
            }
            Elements.write(y, values);
        }
    }

    private static double apply(Binary.Function function, double a, double b) {
        return switch (function) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> a / b;
            case POW -> Math.pow(a, b);
            case MAXIMUM -> Math.max(a, b);
            case MINIMUM -> Math.min(a, b);
        };
    }

    /** Integers wrap around; quotients are truncated towards zero. */
    private static long apply(Binary.Function function, long a, long b) {
        return switch (function) {
            case ADD -> a + b;
            case SUB -> a - b;
            case MUL -> a * b;
            case DIV -> quotient(a, b);
            case POW -> power(a, b);
            case MAXIMUM -> Math.max(a, b);
            case MINIMUM -> Math.min(a, b);
        };
    }

    private static long quotient(long a, long b) {
        if (b == 0) {
            throw new EngineException("div: given an integer divisor of 0; expected another; cast to a floating type");
        }
        return a / b;
    }

    private static long power(long base, long exponent) {
        if (exponent < 0) {
            return quotient(1, base) * ((exponent & 1) == 0 ? base : 1);   // truncated: 0 but for a base of 1 or −1
        }
        long result = 1;
        long square = base;
        for (long rest = exponent; rest > 0; rest >>= 1) {
            result *= (rest & 1) == 1 ? square : 1;
            square *= square;
        }
        return result;
    }

    static void compare(Compare op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor y = outputs.getFirst();
        Cursor first = Cursor.broadcast(inputs.get(0).shape(), y.shape());
        Cursor second = Cursor.broadcast(inputs.get(1).shape(), y.shape());
        long[] holds = new long[Elements.count(y)];
        if (inputs.getFirst().dtype().isFloating()) {
            double[] a = Elements.doubles(inputs.get(0));
            double[] b = Elements.doubles(inputs.get(1));
            for (int i = 0; i < holds.length; i++) {
                holds[i] = holds(op.relation(), a[first.next()], b[second.next()]) ? 1 : 0;
            }
        } else {
            long[] a = Elements.integers(inputs.get(0));
            long[] b = Elements.integers(inputs.get(1));
            for (int i = 0; i < holds.length; i++) {
                int sign = Long.compare(a[first.next()], b[second.next()]);
                holds[i] = holds(op.relation(), sign, 0) ? 1 : 0;
            }
        }
        Elements.write(y, holds);
    }

    private static boolean holds(Compare.Relation relation, double a, double b) {
        return switch (relation) {
            case EQUAL -> a == b;
            case NOT_EQUAL -> a != b;
            case LESS -> a < b;
            case LESS_EQUAL -> a <= b;
            case GREATER -> a > b;
            case GREATER_EQUAL -> a >= b;
        };
    }

    static void where(Where op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor y = outputs.getFirst();
        Shape shape = y.shape();
        long[] condition = Elements.integers(inputs.get(0));
        long[] a = Elements.bits(inputs.get(1));
        long[] b = Elements.bits(inputs.get(2));
        Cursor asked = Cursor.broadcast(inputs.get(0).shape(), shape);
        Cursor first = Cursor.broadcast(inputs.get(1).shape(), shape);
        Cursor second = Cursor.broadcast(inputs.get(2).shape(), shape);
        long[] values = new long[Elements.count(y)];
        for (int i = 0; i < values.length; i++) {
            long yes = a[first.next()];
            long no = b[second.next()];
            values[i] = condition[asked.next()] != 0 ? yes : no;
        }
        Elements.writeBits(y, values);
    }

    static void multiTensorSum(MultiTensorSum op, List<Tensor> inputs, List<Tensor> outputs) {
        int term = 0;
        for (int i = 0; i < outputs.size(); i++) {
            double[] sum = Elements.doubles(inputs.get(term++));
            for (int more = 1; more < op.sums().get(i).terms(); more++) {
                double[] values = Elements.doubles(inputs.get(term++));
                Arrays.setAll(sum, k -> sum[k] + values[k]);
            }
            Elements.write(outputs.get(i), sum);
        }
    }

    static void cast(Cast op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor x = inputs.getFirst();
        if (x.dtype().isFloating() || op.to().isFloating()) {
            Elements.write(outputs.getFirst(), Elements.doubles(x));
        } else {
            Elements.write(outputs.getFirst(), Elements.integers(x));
        }
    }
}
