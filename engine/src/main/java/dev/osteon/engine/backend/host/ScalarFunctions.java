package dev.osteon.engine.backend.host;

/** Functions that {@link Math} lacks. */
public final class ScalarFunctions {

    private ScalarFunctions() {}

    /** ln(|x| + √(x² + 1)) with x's sign, as log1p of |x| + x²/(1 + √(x² + 1)), which does not cancel near 0. */
    public static double asinh(double x) {
        double a = Math.abs(x);
        double value = a > 1e150 ? Math.log(a) + Math.log(2) : Math.log1p(a + a * a / (1 + Math.sqrt(a * a + 1)));
        return Math.copySign(value, x);
    }

    /** ln(x + √(x² − 1)) for x ≥ 1, by t = x − 1: log1p(t + √(2t + t²)). */
    public static double acosh(double x) {
        double t = x - 1;
        return x > 1e150 ? Math.log(x) + Math.log(2) : Math.log1p(t + Math.sqrt(2 * t + t * t));
    }

    /** ½ ln((1 + x)/(1 − x)) for |x| < 1. */
    public static double atanh(double x) {
        return 0.5 * (Math.log1p(x) - Math.log1p(-x));
    }
}
