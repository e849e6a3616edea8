package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.cuda.Blas.Factor;
import dev.osteon.engine.backend.cuda.Blas.Precision;
import dev.osteon.engine.op.MatMul.Transpose;

/** A product by cuBLAS. */
record MatrixPlan(Blas blas, ProductShape shape) implements Plan {

    @Override
    public long workspace() {
        return 0;
    }

    @Override
    public void run(Operands at, long space) {
        blas.multiply(shape.m(), shape.n(), shape.k(), new Factor(at.x(), shape.x() == Transpose.YES, 0),
                new Factor(at.weight(), shape.weight() == Transpose.YES, 0), at.y(), 1, shape.dtype(),
                Precision.AS_CONFIGURED);
    }

    @Override
    public void close() {
        // it holds nothing
    }
}
