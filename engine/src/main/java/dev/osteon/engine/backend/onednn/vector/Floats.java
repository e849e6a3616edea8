package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Lanes.COUNT;
import static dev.osteon.engine.backend.onednn.vector.Lanes.F32;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Float32 arithmetic within the first-level cache: exponentials, and products of matrices that lie in arrays. As in
 * {@link Doubles}, the order of every sum is fixed.
 */
final class Floats {

    /** Rows and columns of a product come in multiples of these. */
    static final int ROWS = 8;
    static final int COLUMNS = COUNT;

    /** Terms of a sum that is a term of another. */
    private static final int TERMS = 64;

    private static final float LARGEST = 88.3f;               // 2ᵏ is finite up to here
    private static final float SMALLEST = -87.3f;             // and a normal number down to here
    private static final float LOG2_E = (float) (1 / Math.log(2));
    private static final float LN_2_HIGH = 0x1.62ep-1f;       // few bits, so that its small multiples are exact
    private static final float LN_2_LOW = (float) (Math.log(2) - LN_2_HIGH);
    private static final float TO_INTEGER = 0x1.8p23f;        // adding it leaves the integer in the lowest bits
    private static final int ONE = Float.floatToRawIntBits(1);

    private Floats() {}

    /** {@code n} rounded up to whole vectors. */
    static int padded(int n) {
        return (n + COUNT - 1) / COUNT * COUNT;
    }

    /** {@code n} rounded up to rows of a product. */
    static int wholeRows(int n) {
        return (n + ROWS - 1) / ROWS * ROWS;
    }

    /** The largest of whole vectors from {@code start} on, NaN if there is one. */
    static float max(float[] a, int start, int length) {
        FloatVector most = load(a, start);
        for (int i = COUNT; i < length; i += COUNT) {
            most = most.max(load(a, start + i));
        }
        return Lanes.max(most);
    }

    /** Replaces whole vectors from {@code start} on by their softmax; −∞ has no part in it. */
    static void softmax(float[] a, int start, int length) {
        float top = max(a, start, length);
        FloatVector sum = FloatVector.zero(F32);
        for (int i = start; i < start + length; i += COUNT) {
            FloatVector e = exp(load(a, i).sub(top));
            e.intoArray(a, i);
            sum = sum.add(e);
        }
        float inverse = (float) (1 / Lanes.sum(sum));
        for (int i = start; i < start + length; i += COUNT) {
            load(a, i).mul(inverse).intoArray(a, i);
        }
    }

    /**
     * Replaces each column by its softmax.
     *
     * @param a [rows, columns], of whole vectors and one row or more
     */
    static void softmaxDown(float[] a, int rows, int columns) {
        for (int c = 0; c < columns; c += COUNT) {
            FloatVector top = FloatVector.broadcast(F32, Float.NEGATIVE_INFINITY);
            for (int i = c; i < rows * columns; i += columns) {
                top = top.max(load(a, i));
            }
            FloatVector total = FloatVector.zero(F32);
            for (int row = 0; row < rows; row += TERMS) {      // a sum of sums, whose error grows with neither's length
                FloatVector sum = FloatVector.zero(F32);
                for (int i = row * columns + c; i < Math.min(rows, row + TERMS) * columns; i += columns) {
                    FloatVector e = exp(load(a, i).sub(top));
                    e.intoArray(a, i);
                    sum = sum.add(e);
                }
                total = total.add(sum);
            }
            FloatVector inverse = FloatVector.broadcast(F32, 1).div(total);
            for (int i = c; i < rows * columns; i += columns) {
                load(a, i).mul(inverse).intoArray(a, i);
            }
        }
    }

    static FloatVector load(float[] a, int at) {
        return FloatVector.fromArray(F32, a, at);
    }

    /**
     * exp(x) to 2 units in the last place, 0 below −87.3 and ∞ above 88.3. With k = x/ln 2 rounded: 2ᵏ·exp(r),
     * |r| ≤ ln 2/2, by Taylor's series.
     */
    static FloatVector exp(FloatVector x) {
        FloatVector shifted = x.fma(FloatVector.broadcast(F32, LOG2_E), FloatVector.broadcast(F32, TO_INTEGER));
        FloatVector k = shifted.sub(TO_INTEGER);
        FloatVector r = k.fma(FloatVector.broadcast(F32, -LN_2_LOW), k.fma(FloatVector.broadcast(F32, -LN_2_HIGH), x));
        FloatVector p = r.fma(FloatVector.broadcast(F32, 1f / 5040), FloatVector.broadcast(F32, 1f / 720));
        p = p.fma(r, FloatVector.broadcast(F32, 1f / 120));
        p = p.fma(r, FloatVector.broadcast(F32, 1f / 24));
        p = p.fma(r, FloatVector.broadcast(F32, 1f / 6));
        p = p.fma(r, FloatVector.broadcast(F32, 0.5f));
        p = p.fma(r, FloatVector.broadcast(F32, 1f));
        p = p.fma(r, FloatVector.broadcast(F32, 1f));
        IntVector power = shifted.reinterpretAsInts().lanewise(VectorOperators.LSHL, 23).add(ONE);
        return p.mul(power.reinterpretAsFloats())
                .blend(0, x.compare(VectorOperators.LT, SMALLEST))
                .blend(Float.POSITIVE_INFINITY, x.compare(VectorOperators.GT, LARGEST));
    }

    /**
     * Where a left operand's element of row r and inner index k lies: at {@code start + r·row + k·inner}. One that is
     * to be taken transposed has its steps swapped.
     */
    record Left(float[] values, int start, int row, int inner) {}

    /** Where a right operand's element of inner index k and column c lies: at {@code start + k·inner + c}. */
    record Right(float[] values, int start, int inner) {}

    /**
     * c += a·b.
     *
     * @param depth   number of inner indices
     * @param c       [rows, columns] from {@code start} on, its rows {@code stride} apart
     * @param rows    a multiple of {@link #ROWS}
     * @param columns a multiple of {@link #COLUMNS}
     */
    static void multiplyAdd(Left a, Right b, int depth, float[] c, int start, int stride, int rows, int columns) {
        int column = 0;
        for (; column + 4 * COUNT <= columns; column += 4 * COUNT) {
            for (int row = 0; row < rows; row += 4) {
                wide(a.values, a.start + row * a.row, a.row, a.inner, b.values, b.start + column, b.inner, depth, c,
                        start + row * stride + column, stride);
            }
        }
        for (; column + 2 * COUNT <= columns; column += 2 * COUNT) {
            for (int row = 0; row < rows; row += 8) {
                narrow(a.values, a.start + row * a.row, a.row, a.inner, b.values, b.start + column, b.inner, depth, c,
                        start + row * stride + column, stride);
            }
        }
        if (column < columns) {
            for (int row = 0; row < rows; row += 8) {
                single(a.values, a.start + row * a.row, a.row, a.inner, b.values, b.start + column, b.inner, depth, c,
                        start + row * stride + column, stride);
            }
        }
    }

    /** Four rows of four vectors: they stay in registers, and each loaded element is used four times. */
    private static void wide(float[] a, int a0, int row, int inner, float[] b, int b0, int bInner, int depth,
            float[] c, int c0, int stride) {
        int c1 = c0 + stride;
        int c2 = c1 + stride;
        int c3 = c2 + stride;
        FloatVector s00 = load(c, c0);
        FloatVector s01 = load(c, c0 + COUNT);
        FloatVector s02 = load(c, c0 + 2 * COUNT);
        FloatVector s03 = load(c, c0 + 3 * COUNT);
        FloatVector s10 = load(c, c1);
        FloatVector s11 = load(c, c1 + COUNT);
        FloatVector s12 = load(c, c1 + 2 * COUNT);
        FloatVector s13 = load(c, c1 + 3 * COUNT);
        FloatVector s20 = load(c, c2);
        FloatVector s21 = load(c, c2 + COUNT);
        FloatVector s22 = load(c, c2 + 2 * COUNT);
        FloatVector s23 = load(c, c2 + 3 * COUNT);
        FloatVector s30 = load(c, c3);
        FloatVector s31 = load(c, c3 + COUNT);
        FloatVector s32 = load(c, c3 + 2 * COUNT);
        FloatVector s33 = load(c, c3 + 3 * COUNT);
        int at = a0;
        int bt = b0;
        for (int k = 0; k < depth; k++) {
            FloatVector r0 = load(b, bt);
            FloatVector r1 = load(b, bt + COUNT);
            FloatVector r2 = load(b, bt + 2 * COUNT);
            FloatVector r3 = load(b, bt + 3 * COUNT);
            FloatVector l = FloatVector.broadcast(F32, a[at]);
            s00 = l.fma(r0, s00);
            s01 = l.fma(r1, s01);
            s02 = l.fma(r2, s02);
            s03 = l.fma(r3, s03);
            l = FloatVector.broadcast(F32, a[at + row]);
            s10 = l.fma(r0, s10);
            s11 = l.fma(r1, s11);
            s12 = l.fma(r2, s12);
            s13 = l.fma(r3, s13);
            l = FloatVector.broadcast(F32, a[at + 2 * row]);
            s20 = l.fma(r0, s20);
            s21 = l.fma(r1, s21);
            s22 = l.fma(r2, s22);
            s23 = l.fma(r3, s23);
            l = FloatVector.broadcast(F32, a[at + 3 * row]);
            s30 = l.fma(r0, s30);
            s31 = l.fma(r1, s31);
            s32 = l.fma(r2, s32);
            s33 = l.fma(r3, s33);
            at += inner;
            bt += bInner;
        }
        s00.intoArray(c, c0);
        s01.intoArray(c, c0 + COUNT);
        s02.intoArray(c, c0 + 2 * COUNT);
        s03.intoArray(c, c0 + 3 * COUNT);
        s10.intoArray(c, c1);
        s11.intoArray(c, c1 + COUNT);
        s12.intoArray(c, c1 + 2 * COUNT);
        s13.intoArray(c, c1 + 3 * COUNT);
        s20.intoArray(c, c2);
        s21.intoArray(c, c2 + COUNT);
        s22.intoArray(c, c2 + 2 * COUNT);
        s23.intoArray(c, c2 + 3 * COUNT);
        s30.intoArray(c, c3);
        s31.intoArray(c, c3 + COUNT);
        s32.intoArray(c, c3 + 2 * COUNT);
        s33.intoArray(c, c3 + 3 * COUNT);
    }

    /** Eight rows of two vectors. */
    private static void narrow(float[] a, int a0, int row, int inner, float[] b, int b0, int bInner, int depth,
            float[] c, int c0, int stride) {
        FloatVector s00 = load(c, c0);
        FloatVector s01 = load(c, c0 + COUNT);
        FloatVector s10 = load(c, c0 + stride);
        FloatVector s11 = load(c, c0 + stride + COUNT);
        FloatVector s20 = load(c, c0 + 2 * stride);
        FloatVector s21 = load(c, c0 + 2 * stride + COUNT);
        FloatVector s30 = load(c, c0 + 3 * stride);
        FloatVector s31 = load(c, c0 + 3 * stride + COUNT);
        FloatVector s40 = load(c, c0 + 4 * stride);
        FloatVector s41 = load(c, c0 + 4 * stride + COUNT);
        FloatVector s50 = load(c, c0 + 5 * stride);
        FloatVector s51 = load(c, c0 + 5 * stride + COUNT);
        FloatVector s60 = load(c, c0 + 6 * stride);
        FloatVector s61 = load(c, c0 + 6 * stride + COUNT);
        FloatVector s70 = load(c, c0 + 7 * stride);
        FloatVector s71 = load(c, c0 + 7 * stride + COUNT);
        int at = a0;
        int bt = b0;
        for (int k = 0; k < depth; k++) {
            FloatVector r0 = load(b, bt);
            FloatVector r1 = load(b, bt + COUNT);
            FloatVector l = FloatVector.broadcast(F32, a[at]);
            s00 = l.fma(r0, s00);
            s01 = l.fma(r1, s01);
            l = FloatVector.broadcast(F32, a[at + row]);
            s10 = l.fma(r0, s10);
            s11 = l.fma(r1, s11);
            l = FloatVector.broadcast(F32, a[at + 2 * row]);
            s20 = l.fma(r0, s20);
            s21 = l.fma(r1, s21);
            l = FloatVector.broadcast(F32, a[at + 3 * row]);
            s30 = l.fma(r0, s30);
            s31 = l.fma(r1, s31);
            l = FloatVector.broadcast(F32, a[at + 4 * row]);
            s40 = l.fma(r0, s40);
            s41 = l.fma(r1, s41);
            l = FloatVector.broadcast(F32, a[at + 5 * row]);
            s50 = l.fma(r0, s50);
            s51 = l.fma(r1, s51);
            l = FloatVector.broadcast(F32, a[at + 6 * row]);
            s60 = l.fma(r0, s60);
            s61 = l.fma(r1, s61);
            l = FloatVector.broadcast(F32, a[at + 7 * row]);
            s70 = l.fma(r0, s70);
            s71 = l.fma(r1, s71);
            at += inner;
            bt += bInner;
        }
        s00.intoArray(c, c0);
        s01.intoArray(c, c0 + COUNT);
        s10.intoArray(c, c0 + stride);
        s11.intoArray(c, c0 + stride + COUNT);
        s20.intoArray(c, c0 + 2 * stride);
        s21.intoArray(c, c0 + 2 * stride + COUNT);
        s30.intoArray(c, c0 + 3 * stride);
        s31.intoArray(c, c0 + 3 * stride + COUNT);
        s40.intoArray(c, c0 + 4 * stride);
        s41.intoArray(c, c0 + 4 * stride + COUNT);
        s50.intoArray(c, c0 + 5 * stride);
        s51.intoArray(c, c0 + 5 * stride + COUNT);
        s60.intoArray(c, c0 + 6 * stride);
        s61.intoArray(c, c0 + 6 * stride + COUNT);
        s70.intoArray(c, c0 + 7 * stride);
        s71.intoArray(c, c0 + 7 * stride + COUNT);
    }

    /** Eight rows of one vector. */
    private static void single(float[] a, int a0, int row, int inner, float[] b, int b0, int bInner, int depth,
            float[] c, int c0, int stride) {
        FloatVector s00 = load(c, c0);
        FloatVector s10 = load(c, c0 + stride);
        FloatVector s20 = load(c, c0 + 2 * stride);
        FloatVector s30 = load(c, c0 + 3 * stride);
        FloatVector s40 = load(c, c0 + 4 * stride);
        FloatVector s50 = load(c, c0 + 5 * stride);
        FloatVector s60 = load(c, c0 + 6 * stride);
        FloatVector s70 = load(c, c0 + 7 * stride);
        int at = a0;
        int bt = b0;
        for (int k = 0; k < depth; k++) {
            FloatVector r0 = load(b, bt);
            s00 = FloatVector.broadcast(F32, a[at]).fma(r0, s00);
            s10 = FloatVector.broadcast(F32, a[at + row]).fma(r0, s10);
            s20 = FloatVector.broadcast(F32, a[at + 2 * row]).fma(r0, s20);
            s30 = FloatVector.broadcast(F32, a[at + 3 * row]).fma(r0, s30);
            s40 = FloatVector.broadcast(F32, a[at + 4 * row]).fma(r0, s40);
            s50 = FloatVector.broadcast(F32, a[at + 5 * row]).fma(r0, s50);
            s60 = FloatVector.broadcast(F32, a[at + 6 * row]).fma(r0, s60);
            s70 = FloatVector.broadcast(F32, a[at + 7 * row]).fma(r0, s70);
            at += inner;
            bt += bInner;
        }
        s00.intoArray(c, c0);
        s10.intoArray(c, c0 + stride);
        s20.intoArray(c, c0 + 2 * stride);
        s30.intoArray(c, c0 + 3 * stride);
        s40.intoArray(c, c0 + 4 * stride);
        s50.intoArray(c, c0 + 5 * stride);
        s60.intoArray(c, c0 + 6 * stride);
        s70.intoArray(c, c0 + 7 * stride);
    }
}
