package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.op.MatMul.Transpose;
import dev.osteon.engine.tensor.DType;

/**
 * A product of two matrices, y [m, n] = op(x) [m, k]·op(weight) [k, n], row-major, and what follows it.
 *
 * @param x      whether x lies as [k, m]
 * @param weight whether the weight lies as [n, k]
 * @param dtype  of all three
 */
record ProductShape(int m, int n, int k, Transpose x, Transpose weight, DType dtype, Ending ending)
        implements PlannedShape {

    @Override
    public String kind() {
        return "product";
    }

    @Override
    public ProductShape plain() {
        return new ProductShape(m, n, k, x, weight, dtype, Ending.NONE);
    }

    @Override
    public long result(Operands at) {
        return at.y();
    }

    @Override
    public long results() {
        return (long) m * n;
    }

    @Override
    public int channels() {
        return n;
    }

    @Override
    public long inner() {
        return 1;
    }

    @Override
    public boolean goesOn() {
        return true;
    }

    @Override
    public String toString() {
        return String.join(" ", kind(), dtype.toString(), m + "x" + k + text(x), k + "x" + n + text(weight))
                + ending;
    }

    private static String text(Transpose transpose) {
        return transpose == Transpose.YES ? " transposed" : "";
    }
}
