package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.op.Binary;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Unary;
import dev.osteon.engine.op.Unary.Function;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.LongBinaryOperator;
import java.util.function.LongUnaryOperator;

/** Arithmetic and functions, element by element: real numbers on the device, integers on the host. */
final class ElementwiseOps {

    private ElementwiseOps() {}

    /** How two numbers are combined on the host. */
    private record OnHost(LongBinaryOperator integers, LongBinaryOperator unsigned, DoubleBinaryOperator reals) {
        static OnHost of(LongBinaryOperator integers, DoubleBinaryOperator reals) {
            return new OnHost(integers, integers, reals);
        }
    }

    private static final OnHost ADD = OnHost.of(Long::sum, Double::sum);
    private static final OnHost SUB = OnHost.of((a, b) -> a - b, (a, b) -> a - b);
    private static final OnHost MUL = OnHost.of((a, b) -> a * b, (a, b) -> a * b);
    private static final OnHost MAX = new OnHost(Math::max, (a, b) -> Long.compareUnsigned(a, b) > 0 ? a : b,
            Math::max);
    private static final OnHost MIN = new OnHost(Math::min, (a, b) -> Long.compareUnsigned(a, b) < 0 ? a : b,
            Math::min);

    static List<Entry> entries() {
        List<Entry> all = new ArrayList<>(List.of(
                one("Add", 1, c -> binary(c, Binary.Function.ADD, ADD)),
                one("Sub", 1, c -> binary(c, Binary.Function.SUB, SUB)),
                one("Mul", 1, c -> binary(c, Binary.Function.MUL, MUL)),
                one("Div", 1, ElementwiseOps::div),
                one("Pow", 1, ElementwiseOps::pow),
                one("Mod", 10, ElementwiseOps::mod),
                one("Max", 1, c -> variadic(c, Binary.Function.MAXIMUM, MAX)),
                one("Min", 1, c -> variadic(c, Binary.Function.MINIMUM, MIN)),
                one("Sum", 1, c -> variadic(c, Binary.Function.ADD, ADD)),
                one("Mean", 1, c -> mean(c)),
                one("Neg", 1, c -> unary(c, x -> Ops.affine(x, -1, 0), v -> -v, v -> -v)),
                one("Abs", 1, c -> unary(c, Ops::abs, isUnsigned(c) ? v -> v : Math::abs, Math::abs)),
                one("Sign", 9, c -> unary(c, Ops::sign, isUnsigned(c) ? v -> v == 0 ? 0 : 1 : Long::signum,
                        Math::signum)),
                one("Floor", 1, c -> unary(c, Function.FLOOR, Math::floor)),
                one("Ceil", 1, c -> unary(c, Function.CEIL, Math::ceil)),
                one("Round", 11, c -> unary(c, Function.ROUND, Math::rint)),
                one("Sqrt", 1, c -> unary(c, Function.SQRT, Math::sqrt)),
                one("Reciprocal", 1, c -> unary(c, Function.RECIPROCAL, v -> 1 / v)),
                one("Exp", 1, c -> unary(c, Function.EXP, Math::exp)),
                one("Log", 1, c -> unary(c, Function.LOG, Math::log)),
                one("Clip", 1, c -> clipByAttributes(c)),
                one("Clip", 11, ElementwiseOps::clip).structural(1, 2)));
        for (Function f : List.of(Function.SIN, Function.COS, Function.TAN, Function.ASIN, Function.ACOS, Function.ATAN,
                Function.SINH, Function.COSH, Function.ASINH, Function.ACOSH, Function.ATANH, Function.ERF)) {
            String name = f.name().charAt(0) + f.name().substring(1).toLowerCase(java.util.Locale.ROOT);
            all.add(one(name, 7, c -> Value.of(Dispatcher.run(new Unary(f), c.tensor(0)))));
        }
        return all;
    }

    private static boolean isUnsigned(Call c) {
        return c.type(0).isUnsigned();
    }

    private static Value unary(Call c, Function f, DoubleUnaryOperator reals) {
        return unary(c, x -> Dispatcher.run(new Unary(f), x), v -> (long) reals.applyAsDouble(v), reals);
    }

    private static Value unary(Call c, java.util.function.UnaryOperator<Tensor> device, LongUnaryOperator integers,
            DoubleUnaryOperator reals) {
        if (c.value(0) instanceof Value.OnHost(HostArray x)) {
            return Value.of(x.type().isReal() ? HostMath.mapReal(x, x.type(), reals)
                    : HostMath.map(x, x.type(), integers));
        }
        return Value.of(device.apply(c.tensor(0)));
    }

    private static Value binary(Call c, Binary.Function device, OnHost host) {
        if (c.allOnHost()) {
            return Value.of(zip(c.host(0), c.secondOnHost(), host));
        }
        return Value.of(onDevice(c, device));
    }

    /** A number that lies on the host needs no tensor. */
    private static Tensor onDevice(Call c, Binary.Function f) {
        OptionalDouble left = c.rank(0) <= c.rank(1) ? c.scalar(0) : OptionalDouble.empty();
        OptionalDouble right = c.rank(1) <= c.rank(0) ? c.scalar(1) : OptionalDouble.empty();
        if (right.isPresent()) {
            double b = right.getAsDouble();
            return switch (f) {
                case ADD -> Ops.affine(c.tensor(0), 1, b);
                case SUB -> Ops.affine(c.tensor(0), 1, -b);
                case MUL -> Ops.affine(c.tensor(0), b, 0);
                case DIV -> Ops.affine(c.tensor(0), 1 / b, 0);
                default -> Dispatcher.run(new Binary(f), c.tensor(0), c.tensor(1));
            };
        }
        if (left.isPresent()) {
            double a = left.getAsDouble();
            return switch (f) {
                case ADD -> Ops.affine(c.tensor(1), 1, a);
                case SUB -> Ops.affine(c.tensor(1), -1, a);
                case MUL -> Ops.affine(c.tensor(1), a, 0);
                default -> Dispatcher.run(new Binary(f), c.tensor(0), c.tensor(1));
            };
        }
        return Dispatcher.run(new Binary(f), c.tensor(0), c.secondOnDevice());
    }

    private static HostArray zip(HostArray a, HostArray b, OnHost f) {
        if (a.type().isReal()) {
            return HostMath.zipReal(a, b, a.type(), f.reals());
        }
        return HostMath.zip(a, b, a.type(), a.type().isUnsigned() ? f.unsigned() : f.integers());
    }

    private static Value div(Call c) {
        if (c.allOnHost() && !c.isReal(0) && Arrays.stream(c.longs(1)).anyMatch(v -> v == 0)) {
            throw c.problem("an integer divisor of 0", "another");
        }
        return binary(c, Binary.Function.DIV, new OnHost((a, b) -> a / b, Long::divideUnsigned, (a, b) -> a / b));
    }

    /** The exponent may be of another type; the result is of the base's. */
    private static Value pow(Call c) {
        if (!c.isReal(0) && !c.isReal(1)) {
            return Value.of(HostMath.zip(c.host(0), c.secondOnHost(), c.type(0), ElementwiseOps::power));
        }
        if (c.allOnHost() || !c.isReal(0)) {
            return Value.of(HostMath.zipReal(c.host(0), c.secondOnHost(), c.type(0), Math::pow));
        }
        OptionalDouble exponent = c.scalar(1);
        if (exponent.isPresent() && c.rank(1) <= c.rank(0)) {
            Tensor x = c.tensor(0);
            double e = exponent.getAsDouble();
            if (e == 2) {
                return Value.of(Ops.mul(x, x));
            } else if (e == 3) {
                return Value.of(Ops.mul(x, Ops.mul(x, x)));
            } else if (e == 0.5) {
                return Value.of(Ops.sqrt(x));
            }
        }
        return Value.of(Ops.pow(c.tensor(0), c.secondOnDevice()));
    }

    /** Exact as far as the type goes; with a negative exponent what is left of the reciprocal. */
    private static long power(long base, long exponent) {
        if (exponent < 0) {
            return base == 1 || base == -1 && exponent % 2 == 0 ? 1 : base == -1 ? -1 : 0;
        }
        long result = 1;
        long square = base;
        for (long left = exponent; left > 0; left >>= 1) {
            result *= (left & 1) == 1 ? square : 1;
            square *= square;
        }
        return result;
    }

    /** {@code fmod} 1: the dividend's sign, as in C; 0: the divisor's, as in Python. */
    private static Value mod(Call c) {
        boolean c99 = c.attributes().flag("fmod", false);
        HostArray a = c.host(0);
        HostArray b = c.host(1);
        if (a.type().isReal()) {
            return Value.of(HostMath.zipReal(a, b, a.type(), (p, q) -> c99 ? p % q : p - q * Math.floor(p / q)));
        }
        if (Arrays.stream(b.integers()).anyMatch(v -> v == 0)) {
            throw c.problem("an integer divisor of 0", "another");
        }
        return Value.of(HostMath.zip(a, b, a.type(), a.type().isUnsigned() ? Long::remainderUnsigned
                : c99 ? (p, q) -> p % q : Math::floorMod));
    }

    private static Value variadic(Call c, Binary.Function device, OnHost host) {
        if (c.allOnHost()) {
            HostArray result = c.host(0);
            for (int i = 1; i < c.count(); i++) {
                result = zip(result, c.host(i), host);
            }
            return Value.of(result);
        }
        Tensor result = c.tensor(0);
        for (int i = 1; i < c.count(); i++) {
            result = Dispatcher.run(new Binary(device), result, c.tensor(i));
        }
        return Value.of(result);
    }

    private static Value mean(Call c) {
        Tensor sum = c.tensor(0);
        for (int i = 1; i < c.count(); i++) {
            sum = Ops.add(sum, c.tensor(i));
        }
        return Value.of(Ops.affine(sum, 1.0 / c.count(), 0));
    }

    private static Value clipByAttributes(Call c) {
        return Value.of(clamp(c.tensor(0), c.attributes().real("min", Double.NEGATIVE_INFINITY),
                c.attributes().real("max", Double.POSITIVE_INFINITY)));
    }

    private static Value clip(Call c) {
        ElementType type = c.type(0);
        if (type.isReal()) {
            return Value.of(clamp(c.tensor(0), c.has(1) ? c.doubles(1)[0] : Double.NEGATIVE_INFINITY,
                    c.has(2) ? c.doubles(2)[0] : Double.POSITIVE_INFINITY));
        }
        HostArray x = c.host(0);
        x = c.has(1) ? zip(x, c.host(1), MAX) : x;
        return Value.of(c.has(2) ? zip(x, c.host(2), MIN) : x);
    }

    /** Where low exceeds high, ONNX gives high everywhere. */
    private static Tensor clamp(Tensor x, double low, double high) {
        return Ops.clamp(x, Math.min(low, high), high);
    }
}
