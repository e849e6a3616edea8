package dev.osteon.engine.backend.onednn.vector;

import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Passes over arrays of doubles. Their order of summation is fixed: neither the thread count nor whether a loop is
 * compiled yet changes a bit, which is also why exponentials are computed here: the Vector API's own come from another
 * library in compiled than in interpreted code, and so does the order of its sum over lanes.
 */
final class Doubles {

    static final VectorSpecies<Double> F64 = DoubleVector.SPECIES_PREFERRED;
    static final int COUNT = F64.length();

    /** Float vectors of as many lanes. */
    static final VectorSpecies<Float> FLOATS =
            VectorSpecies.of(float.class, VectorShape.forBitSize(F64.vectorBitSize() / 2));

    private static final double LIMIT = 708;                  // exp is a normal number up to here, and down to −LIMIT
    private static final double LN_2 = Math.log(2);
    private static final double LOG2_E = 1 / LN_2;
    private static final double TO_INTEGER = 0x1.8p52;        // adding it leaves the integer in the lowest bits
    private static final long ONE = Double.doubleToRawLongBits(1);

    private Doubles() {}

    /** {@code n} rounded up to whole vectors. */
    static int padded(int n) {
        return (n + COUNT - 1) / COUNT * COUNT;
    }

    static DoubleVector load(double[] a, int at) {
        return DoubleVector.fromArray(F64, a, at);
    }

    /**
     * a = exp(a), n rounded up to whole vectors; relative error below 1e−12, 0 and ∞ beyond ±708. With k = a/ln 2
     * rounded: 2ᵏ·exp(r), |r| ≤ ln 2/2, by Taylor's series.
     */
    static void exp(double[] a, int n) {
        for (int i = 0; i < n; i += COUNT) {
            DoubleVector x = load(a, i);
            DoubleVector within = x.max(-LIMIT).min(LIMIT);
            DoubleVector shifted = within.mul(LOG2_E).add(TO_INTEGER);
            DoubleVector r = within.sub(shifted.sub(TO_INTEGER).mul(LN_2));
            DoubleVector p = horner(DoubleVector.broadcast(F64, 1.0 / 39916800), r, 1.0 / 3628800);
            p = horner(p, r, 1.0 / 362880);
            p = horner(p, r, 1.0 / 40320);
            p = horner(p, r, 1.0 / 5040);
            p = horner(p, r, 1.0 / 720);
            p = horner(p, r, 1.0 / 120);
            p = horner(p, r, 1.0 / 24);
            p = horner(p, r, 1.0 / 6);
            p = horner(p, r, 0.5);
            p = horner(p, r, 1);
            p = horner(p, r, 1);
            LongVector power = shifted.reinterpretAsLongs().lanewise(VectorOperators.LSHL, 52).add(ONE);
            p.mul(power.reinterpretAsDoubles())
                    .blend(Double.POSITIVE_INFINITY, x.compare(VectorOperators.GT, LIMIT))
                    .blend(0, x.compare(VectorOperators.LT, -LIMIT)).intoArray(a, i);
        }
    }

    /** One step of Horner's rule: p·x + c. */
    static DoubleVector horner(DoubleVector p, DoubleVector x, double c) {
        return p.fma(x, DoubleVector.broadcast(F64, c));
    }

    /** Σ a[0 … n − 1]. */
    static double sum(double[] a, int n) {
        DoubleVector s0 = DoubleVector.zero(F64);
        DoubleVector s1 = s0;
        int i = 0;
        for (; i + 2 * COUNT <= n; i += 2 * COUNT) {
            s0 = s0.add(load(a, i));
            s1 = s1.add(load(a, i + COUNT));
        }
        double sum = inOrder(s0.add(s1));
        for (; i < n; i++) {
            sum += a[i];
        }
        return sum;
    }

    /** Σ a·b over 0 … n − 1. */
    static double dot(double[] a, double[] b, int n) {
        DoubleVector s0 = DoubleVector.zero(F64);
        DoubleVector s1 = s0;
        int i = 0;
        for (; i + 2 * COUNT <= n; i += 2 * COUNT) {
            s0 = s0.add(load(a, i).mul(load(b, i)));
            s1 = s1.add(load(a, i + COUNT).mul(load(b, i + COUNT)));
        }
        double sum = inOrder(s0.add(s1));
        for (; i < n; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    /** The largest of a[0 … n − 1], −∞ for n = 0; NaN if there is one. */
    static double max(double[] a, int n) {
        DoubleVector m = DoubleVector.broadcast(F64, Double.NEGATIVE_INFINITY);
        int i = 0;
        for (; i + COUNT <= n; i += COUNT) {
            m = m.max(load(a, i));
        }
        double max = m.reduceLanes(VectorOperators.MAX);
        for (; i < n; i++) {
            max = Math.max(max, a[i]);
        }
        return max;
    }

    private static double inOrder(DoubleVector lanes) {
        double sum = 0;
        for (double lane : lanes.toArray()) {
            sum += lane;
        }
        return sum;
    }
}
