package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Lanes.COUNT;
import static dev.osteon.engine.backend.onednn.vector.Lanes.load;
import static dev.osteon.engine.backend.onednn.vector.Lanes.store;

import java.lang.foreign.MemorySegment;
import jdk.incubator.vector.FloatVector;

/**
 * Toom and Cook's filtering of a line: a product of polynomials by their values at six points. Filtering six inputs
 * gives four results of a filter of three, or three of a filter of four, for six multiplications instead of twelve
 * (Winograd 1980; Lavin and Gray 2016 for convolutions): {@code Aᵀ[(G·g) ⊙ (Bᵀ·d)]}.
 *
 * <p>The points are 0, ±a = ±1/√2, ±b = ±√2 and ∞. With the usual 0, ±1, ±2, ∞ powers reach 8 instead of 2√2.
 *
 * <p>Elements of a line lie {@code step} floats apart from {@code at} on; {@code n} lines, a multiple of
 * {@link Lanes#COUNT}, lie side by side.
 */
final class ToomCook {

    private static final float A = (float) Math.sqrt(0.5);
    private static final float B = (float) Math.sqrt(2);
    private static final float A2 = 0.5f;
    private static final float B2 = 2;
    private static final float A3 = A * A2;
    private static final float B3 = B * B2;
    /** 1 / Π (a − q) over the other finite points q. */
    private static final float NORM_A = -2 / 3f;
    /** 1 / Π (b − q) over the other finite points q. */
    private static final float NORM_B = 1 / 6f;

    private ToomCook() {}

    /** Bᵀ·d: six inputs at the six points. Row of a point p: the coefficients of Π (x − q) over the others. */
    static void inputs(MemorySegment from, long at, long step, MemorySegment to, long start, long toStep, int n) {
        for (int c = 0; c < n; c += COUNT) {
            long f = at + c;
            long t = start + c;
            FloatVector d0 = load(from, f);
            FloatVector d1 = load(from, f + step);
            FloatVector d2 = load(from, f + 2 * step);
            FloatVector d3 = load(from, f + 3 * step);
            FloatVector d4 = load(from, f + 4 * step);
            FloatVector d5 = load(from, f + 5 * step);
            FloatVector evenA = d4.sub(d2.mul(B2));
            FloatVector evenB = d4.sub(d2.mul(A2));
            FloatVector oddA = d3.sub(d1.mul(B2)).mul(A);
            FloatVector oddB = d3.sub(d1.mul(A2)).mul(B);
            store(d0.add(d4).sub(d2.mul(A2 + B2)), to, t);
            both(evenA, oddA, to, t + toStep, toStep);
            both(evenB, oddB, to, t + 3 * toStep, toStep);
            store(d1.add(d5).sub(d3.mul(A2 + B2)), to, t + 5 * toStep);
        }
    }

    /** G·g of a filter of three. */
    static void filter3(MemorySegment from, long at, long step, MemorySegment to, long start, long toStep, int n) {
        for (int c = 0; c < n; c += COUNT) {
            long f = at + c;
            long t = start + c;
            FloatVector g0 = load(from, f);
            FloatVector g1 = load(from, f + step);
            FloatVector g2 = load(from, f + 2 * step);
            FloatVector evenA = g0.add(g2.mul(A2)).mul(NORM_A);
            FloatVector evenB = g0.add(g2.mul(B2)).mul(NORM_B);
            FloatVector oddA = g1.mul(A * NORM_A);
            FloatVector oddB = g1.mul(B * NORM_B);
            store(g0, to, t);
            both(evenA, oddA, to, t + toStep, toStep);
            both(evenB, oddB, to, t + 3 * toStep, toStep);
            store(g2, to, t + 5 * toStep);
        }
    }

    /** G·g of a filter of four. */
    static void filter4(MemorySegment from, long at, long step, MemorySegment to, long start, long toStep, int n) {
        for (int c = 0; c < n; c += COUNT) {
            long f = at + c;
            long t = start + c;
            FloatVector g0 = load(from, f);
            FloatVector g1 = load(from, f + step);
            FloatVector g2 = load(from, f + 2 * step);
            FloatVector g3 = load(from, f + 3 * step);
            FloatVector evenA = g0.add(g2.mul(A2)).mul(NORM_A);
            FloatVector evenB = g0.add(g2.mul(B2)).mul(NORM_B);
            FloatVector oddA = g1.add(g3.mul(A2)).mul(A * NORM_A);
            FloatVector oddB = g1.add(g3.mul(B2)).mul(B * NORM_B);
            store(g0, to, t);
            both(evenA, oddA, to, t + toStep, toStep);
            both(evenB, oddB, to, t + 3 * toStep, toStep);
            store(g3, to, t + 5 * toStep);
        }
    }

    /** The values at a point and at its negative, from a polynomial's even and odd part. */
    private static void both(FloatVector even, FloatVector odd, MemorySegment to, long t, long toStep) {
        store(even.add(odd), to, t);
        store(even.sub(odd), to, t + toStep);
    }

    /** Aᵀ·m: four results from the products at the six points. */
    static void results4(MemorySegment from, long at, long step, MemorySegment to, long start, long toStep, int n) {
        for (int c = 0; c < n; c += COUNT) {
            long f = at + c;
            long t = start + c;
            FloatVector a = load(from, f + step);
            FloatVector minusA = load(from, f + 2 * step);
            FloatVector b = load(from, f + 3 * step);
            FloatVector minusB = load(from, f + 4 * step);
            FloatVector evenA = a.add(minusA);
            FloatVector evenB = b.add(minusB);
            FloatVector oddA = a.sub(minusA);
            FloatVector oddB = b.sub(minusB);
            store(load(from, f).add(evenA).add(evenB), to, t);
            store(oddA.mul(A).add(oddB.mul(B)), to, t + toStep);
            store(evenA.mul(A2).add(evenB.mul(B2)), to, t + 2 * toStep);
            store(oddA.mul(A3).add(oddB.mul(B3)).add(load(from, f + 5 * step)), to, t + 3 * toStep);
        }
    }

    /** Aᵀ·m: three results. */
    static void results3(MemorySegment from, long at, long step, MemorySegment to, long start, long toStep, int n) {
        for (int c = 0; c < n; c += COUNT) {
            long f = at + c;
            long t = start + c;
            FloatVector a = load(from, f + step);
            FloatVector minusA = load(from, f + 2 * step);
            FloatVector b = load(from, f + 3 * step);
            FloatVector minusB = load(from, f + 4 * step);
            FloatVector evenA = a.add(minusA);
            FloatVector evenB = b.add(minusB);
            store(load(from, f).add(evenA).add(evenB), to, t);
            store(a.sub(minusA).mul(A).add(b.sub(minusB).mul(B)), to, t + toStep);
            store(evenA.mul(A2).add(evenB.mul(B2)).add(load(from, f + 5 * step)), to, t + 2 * toStep);
        }
    }
}
