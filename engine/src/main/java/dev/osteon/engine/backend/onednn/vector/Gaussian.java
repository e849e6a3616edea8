package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.host.ErrorFunction;
import java.util.List;
import java.util.stream.IntStream;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The error function and what is made of it, on one thread's strips. erfc(z) = exp(−z²)·erfcx(z) for z ≥ 0, and erfcx
 * is a polynomial in u, where u runs from 1 to −1 while z runs from 0 to 10.6, beyond which erfc is 0 in float32.
 * The polynomial interpolates the reference at Chebyshev's nodes.
 */
final class Gaussian {

    private static final int TERMS = 23;                     // odd
    private static final double LAST = 2 / (2 + 10.6);         // t = 2/(2 + z) at the end of the range
    private static final double[] ERFCX = interpolate();

    private double[] size = new double[0];
    private double[] exponential = new double[0];
    private double[] near = new double[0];

    /**
     * One of the passes that a function is made of. They are called through this interface, from one place, so that the
     * compiler takes each on its own: inlined into one another they exceed its budget, and then every vector of the
     * last ones is an object on the heap, which costs a factor of ten.
     */
    @FunctionalInterface
    private interface Pass {
        void over(double[] v, int n);
    }

    private final List<Pass> erf = List.of((v, n) -> magnitudes(v, n, 1), this::exponentials, this::complements,
            this::series, this::erfOf);
    private final List<Pass> gelu = List.of((v, n) -> magnitudes(v, n, Math.sqrt(0.5)), this::exponentials,
            this::complements, this::geluOf);

    /** v = erf(v); n may be rounded up to whole vectors. */
    void erf(double[] v, int n) {
        run(erf, v, n);
    }

    /** v = ½v·erfc(−v/√2), where erfc(−z) = 2 − erfc(z); n may be rounded up to whole vectors. */
    void gelu(double[] v, int n) {
        run(gelu, v, n);
    }

    private static void run(List<Pass> passes, double[] v, int n) {
        for (Pass pass : passes) {
            pass.over(v, n);
        }
    }

    private void erfOf(double[] v, int n) {
        for (int i = 0; i < n; i += Doubles.COUNT) {
            DoubleVector far = Doubles.load(exponential, i).neg().add(1);      // 1 − erfc cancels near 0
            far.blend(Doubles.load(near, i), Doubles.load(size, i).compare(VectorOperators.LT, 0.5))
                    .intoArray(size, i);
        }
        for (int i = 0; i < n; i++) {
            v[i] = Math.copySign(size[i], v[i]);
        }
    }

    private void geluOf(double[] v, int n) {
        for (int i = 0; i < n; i += Doubles.COUNT) {
            DoubleVector x = Doubles.load(v, i);
            DoubleVector e = Doubles.load(exponential, i);
            DoubleVector factor = e.neg().add(2).blend(e, x.compare(VectorOperators.LT, 0));
            x.mul(0.5).mul(factor).intoArray(v, i);
        }
    }

    /** size = z = |v|·scale and exponential = −z². */
    private void magnitudes(double[] v, int n, double scale) {
        int whole = Doubles.padded(n);
        if (size.length < whole) {
            size = new double[whole];
            exponential = new double[whole];
            near = new double[whole];
        }
        for (int i = 0; i < n; i++) {
            size[i] = Math.abs(v[i]) * scale;
        }
        for (int i = 0; i < n; i++) {
            exponential[i] = -size[i] * size[i];
        }
    }

    private void exponentials(double[] v, int n) {
        Doubles.exp(exponential, n);
    }

    /** exponential = erfc(z). */
    private void complements(double[] v, int n) {
        for (int i = 0; i < n; i += Doubles.COUNT) {
            DoubleVector t = DoubleVector.broadcast(Doubles.F64, 2).div(Doubles.load(size, i).add(2));
            DoubleVector u = t.mul(2 / (1 - LAST)).sub((1 + LAST) / (1 - LAST));
            DoubleVector square = u.mul(u);                     // even and odd terms apart: two shorter chains
            DoubleVector even = DoubleVector.broadcast(Doubles.F64, ERFCX[TERMS - 1]);
            DoubleVector odd = DoubleVector.broadcast(Doubles.F64, ERFCX[TERMS - 2]);
            for (int k = TERMS - 3; k > 0; k -= 2) {
                even = Doubles.horner(even, square, ERFCX[k]);
                odd = Doubles.horner(odd, square, ERFCX[k - 1]);
            }
            even = Doubles.horner(even, square, ERFCX[0]);
            DoubleVector p = odd.fma(u, even);
            p.mul(Doubles.load(exponential, i)).intoArray(exponential, i);
        }
    }

    /** near = erf z for z &lt; ½, by DLMF 7.6.1: 2/√π Σ (−1)ᵏ z²ᵏ⁺¹/(k!(2k + 1)). */
    private void series(double[] v, int n) {
        for (int i = 0; i < n; i += Doubles.COUNT) {
            DoubleVector z = Doubles.load(size, i);
            DoubleVector q = z.mul(z);
            DoubleVector sum = Doubles.horner(DoubleVector.broadcast(Doubles.F64, 1.0 / 685440), q, -1.0 / 75600);
            sum = Doubles.horner(sum, q, 1.0 / 9360);
            sum = Doubles.horner(sum, q, -1.0 / 1320);
            sum = Doubles.horner(sum, q, 1.0 / 216);
            sum = Doubles.horner(sum, q, -1.0 / 42);
            sum = Doubles.horner(sum, q, 1.0 / 10);
            sum = Doubles.horner(sum, q, -1.0 / 3);
            sum = Doubles.horner(sum, q, 1);
            z.mul(sum).mul(2 / Math.sqrt(Math.PI)).intoArray(near, i);
        }
    }

    /** Coefficients of 1, u, u², …: Chebyshev's, by their sum over the nodes, then T₀, T₁, … multiplied out. */
    private static double[] interpolate() {
        double[] values = IntStream.range(0, TERMS).mapToDouble(j -> erfcx(Math.cos(angle(j)))).toArray();
        double[] result = new double[TERMS];
        double[] before = new double[TERMS];
        double[] current = new double[TERMS];
        before[1] = 1;                                          // T₋₁ = T₁
        current[0] = 1;
        for (int k = 0; k < TERMS; k++) {
            int order = k;
            double c = IntStream.range(0, TERMS).mapToDouble(j -> values[j] * Math.cos(order * angle(j))).sum()
                    * (k == 0 ? 1.0 : 2.0) / TERMS;
            double[] next = new double[TERMS];
            for (int i = 0; i < TERMS; i++) {
                result[i] += c * current[i];
                next[i] = (i == 0 ? 0 : 2 * current[i - 1]) - before[i];
            }
            before = current;
            current = next;
        }
        return result;
    }

    private static double angle(int node) {
        return Math.PI * (node + 0.5) / TERMS;
    }

    /** exp(z²)·erfc(z) at u. */
    private static double erfcx(double u) {
        double t = ((1 - LAST) * u + 1 + LAST) / 2;
        double z = 2 / t - 2;
        return Math.exp(z * z) * ErrorFunction.erfc(z);
    }
}
