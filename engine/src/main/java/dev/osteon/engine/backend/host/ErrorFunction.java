package dev.osteon.engine.backend.host;

/** The error function in double precision, from its series and its continued fraction (NIST DLMF, chapter 7). */
public final class ErrorFunction {

    private static final double SERIES_LIMIT = 2.5;
    private static final int FRACTION_TERMS = 60;

    private ErrorFunction() {}

    /** erf(x) = 2/√π ∫₀ˣ exp(−t²) dt. */
    public static double erf(double x) {
        double size = Math.abs(x);
        return Math.copySign(size < SERIES_LIMIT ? series(size) : 1 - fraction(size), x);
    }

    /** erfc(x) = 1 − erf(x), without cancellation for large x. */
    public static double erfc(double x) {
        return x < SERIES_LIMIT ? 1 - erf(x) : fraction(x);
    }

    /** DLMF 7.6.2: 2/√π·exp(−x²)·Σ 2ⁿx²ⁿ⁺¹/(1·3·…·(2n + 1)); all terms are positive, so nothing cancels. */
    private static double series(double x) {
        double term = x;
        double sum = x;
        for (int n = 1; term > sum * 1e-17; n++) {
            term *= 2 * x * x / (2 * n + 1);
            sum += term;
        }
        return 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
    }

    /** DLMF 7.9.1: exp(−x²)/√π·1/(x + ½/(x + 1/(x + 3/2/(x + …)))), from its tail on; for x ≥ 2.5. */
    private static double fraction(double x) {
        double tail = x;
        for (int n = FRACTION_TERMS; n >= 1; n--) {
            tail = x + n / 2.0 / tail;
        }
        return Math.exp(-x * x) / Math.sqrt(Math.PI) / tail;
    }
}
