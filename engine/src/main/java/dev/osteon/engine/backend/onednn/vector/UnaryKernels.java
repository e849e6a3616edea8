package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.backend.host.ScalarFunctions;
import dev.osteon.engine.op.Affine;
import dev.osteon.engine.op.Clamp;
import dev.osteon.engine.op.Unary;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.Supplier;

/** Functions of one operand, strip by strip. The loops over arrays are plain: the compiler vectorises them. */
final class UnaryKernels {

    private static final long GRAIN = 1 << 14;   // elements: below it a second thread costs more than it brings

    private UnaryKernels() {}

    static void register(Registry registry) {
        registry.floats(Unary.class, Layouts.ANY, (op, in, out) -> map(in, out, () -> function(op.function())))
                .floats(Clamp.class, Layouts.ANY, (op, in, out) -> map(in, out, () -> clamp(op.low(), op.high())));
    }

    /** Replaces v[0 … n − 1] by its values; n may be rounded up to whole vectors. */
    @FunctionalInterface
    private interface Function {
        void apply(double[] v, int n);
    }

    /** y = scale·x + shift. */
    static void affine(Affine op, List<Tensor> in, List<Tensor> out) {
        map(in, out, () -> (v, n) -> {
            for (int i = 0; i < n; i++) {
                v[i] = op.scale() * v[i] + op.shift();
            }
        });
    }

    private static void map(List<Tensor> in, List<Tensor> out, Supplier<Function> made) {
        Strip x = Strip.of(in.getFirst());
        Strip y = Strip.of(out.getFirst());
        Parallel.forRange(out.getFirst().size(), GRAIN, (from, end) -> {
            Function function = made.get();
            double[] v = Strip.array(end - from);
            for (long at = from; at < end; at += v.length) {
                int n = (int) Math.min(v.length, end - at);
                x.read(at, 1, v, n);
                function.apply(v, n);
                y.write(v, n, at, 1);
            }
        });
    }

    private static Function clamp(double low, double high) {
        return (v, n) -> {
            for (int i = 0; i < n; i++) {
                v[i] = Math.min(Math.max(v[i], low), high);
            }
        };
    }

    private static Function function(Unary.Function function) {
        return switch (function) {
            case EXP -> Doubles::exp;
            case LOG -> UnaryKernels::log;
            case SQRT -> UnaryKernels::sqrt;
            case RSQRT -> UnaryKernels::rsqrt;
            case ABS -> UnaryKernels::abs;
            case SIGN -> UnaryKernels::sign;
            case TANH -> UnaryKernels::tanh;
            case SIGMOID -> UnaryKernels::sigmoid;
            case RELU -> UnaryKernels::relu;
            case GELU -> new Gaussian()::gelu;
            case GELU_TANH -> UnaryKernels::geluTanh;
            case ERF -> new Gaussian()::erf;
            case SOFTPLUS -> UnaryKernels::softplus;
            case RECIPROCAL -> UnaryKernels::reciprocal;
            case SIN -> UnaryKernels::sin;
            case COS -> UnaryKernels::cos;
            case FLOOR -> UnaryKernels::floor;
            case CEIL -> each(Math::ceil);
            case ROUND -> each(Math::rint);
            case TAN -> each(Math::tan);
            case ASIN -> each(Math::asin);
            case ACOS -> each(Math::acos);
            case ATAN -> each(Math::atan);
            case SINH -> each(Math::sinh);
            case COSH -> each(Math::cosh);
            case ASINH -> each(ScalarFunctions::asinh);
            case ACOSH -> each(ScalarFunctions::acosh);
            case ATANH -> each(ScalarFunctions::atanh);
        };
    }

    /** For functions too rare to be worth a loop of their own. */
    private static Function each(DoubleUnaryOperator f) {
        return (v, n) -> {
            for (int i = 0; i < n; i++) {
                v[i] = f.applyAsDouble(v[i]);
            }
        };
    }

    private static void floor(double[] v, int n) {
        for (int i = 0; i < n; i++) {
            v[i] = Math.floor(v[i]);
        }
    }

    private static void log(double[] v, int n) {
        for (int i = 0; i < n; i++) {
            v[i] = Math.log(v[i]);
        }
    }

    private static void sqrt(double[] v, int n) {
        for (int i = 0; i < n; i++) {
            v[i] = Math.sqrt(v[i]);
        }
    }

    private static void rsqrt(double[] v, int n) {
        for (int i = 0; i < n; i++) {
            v[i] = 1 / Math.sqrt(v[i]);
        }
    }

    private static void abs(double[] v, int n) {
        for (int i = 0; i < n; i++) {
            v[i] = Math.abs(v[i]);
        }
    }

    private static void sign(double[] v, int n) {
        for (int i = 0; i < n; i++) {
            v[i] = Math.signum(v[i]);
        }
    }

    private static void relu(double[] v, int n) {
        for (int i = 0; i < n; i++) {
            v[i] = Math.max(v[i], 0);
        }
    }

    private static void reciprocal(double[] v, int n) {
        for (int i = 0; i < n; i++) {
            v[i] = 1 / v[i];
        }
    }

    private static void sin(double[] v, int n) {
        for (int i = 0; i < n; i++) {
            v[i] = Math.sin(v[i]);
        }
    }

    private static void cos(double[] v, int n) {
        for (int i = 0; i < n; i++) {
            v[i] = Math.cos(v[i]);
        }
    }

    private static void sigmoid(double[] v, int n) {
        for (int i = 0; i < n; i++) {
            v[i] = -v[i];
        }
        Doubles.exp(v, n);
        for (int i = 0; i < n; i++) {
            v[i] = 1 / (1 + v[i]);
        }
    }

    /** 1 − 2/(exp 2|x| + 1), which cancels near 0: there x − x³/3. */
    private static void tanh(double[] v, int n) {
        double[] x = v.clone();
        for (int i = 0; i < n; i++) {
            v[i] = 2 * Math.abs(v[i]);
        }
        Doubles.exp(v, n);
        for (int i = 0; i < n; i++) {
            double large = Math.copySign(1 - 2 / (v[i] + 1), x[i]);
            v[i] = Math.abs(x[i]) < 1e-3 ? x[i] - x[i] * x[i] * x[i] / 3 : large;
        }
    }

    /** ½x(1 + tanh u) with 1 + tanh u = 2/(1 + exp −2u), which does not cancel. */
    private static void geluTanh(double[] v, int n) {
        double[] x = v.clone();
        double c = -2 * Math.sqrt(2 / Math.PI);
        for (int i = 0; i < n; i++) {
            v[i] = c * (v[i] + 0.044715 * v[i] * v[i] * v[i]);
        }
        Doubles.exp(v, n);
        for (int i = 0; i < n; i++) {
            v[i] = x[i] * (1 / (1 + v[i]));
        }
    }

    private static void softplus(double[] v, int n) {
        double[] x = v.clone();
        for (int i = 0; i < n; i++) {
            v[i] = -Math.abs(v[i]);
        }
        Doubles.exp(v, n);
        for (int i = 0; i < n; i++) {
            v[i] = Math.max(x[i], 0) + Math.log1p(v[i]);
        }
    }
}
