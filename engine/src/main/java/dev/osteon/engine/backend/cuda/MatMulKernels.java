package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.MatMul;
import dev.osteon.engine.op.MatMul.Transpose;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Matrix products: by cuBLAS, or by cuDNN where that does what follows in the same kernel and is faster for it. */
record MatMulKernels(CudaRuntime cuda, Blas blas, Dnn dnn) {

    void register(Registrar to) {
        to.put(MatMul.class, Layouts.ROW_MAJOR, Registrar.F32_OR_LOW, this::matMul);
    }

    private void matMul(MatMul op, List<Tensor> in, List<Tensor> out) {
        Tensor a = in.get(0);
        Tensor b = in.get(1);
        Tensor y = out.getFirst();
        if (y.size() == 0) {
            return;
        }
        Ending ending = Ending.of(in, op.epilogue());
        Optional<ProductShape> single = single(op, a, b, y, ending).filter(Dnn::mayFuse);
        if (single.isPresent()) {
            dnn.run(single.get(), new Operands(a.segment().address(), b.segment().address(), y.segment().address(),
                    Ending.biasOf(in)));
            return;
        }
        int leading = y.rank() - 2;
        int[] batch = Arrays.copyOf(y.shape().toArray(), leading);
        long[] stepsA = Arrays.copyOf(a.shape().stridesWithin(y.shape(), Layout.ROW_MAJOR), leading);
        long[] stepsB = Arrays.copyOf(b.shape().stridesWithin(y.shape(), Layout.ROW_MAJOR), leading);
        products(op, a, b, y, Walk.of(batch, stepsA, stepsB));
        PointwiseKernels.end(cuda, ending, y.dtype(), y.segment().address(), y.size(), Ending.biasOf(in), y.dim(-1), 1);
    }

    /** The one product that this is: of two matrices, or of rows, in however many dimensions, and a matrix. */
    private static Optional<ProductShape> single(MatMul op, Tensor a, Tensor b, Tensor y, Ending ending) {
        long m = y.size() / y.dim(-1);
        boolean one = y.rank() == 2 || b.rank() == 2 && op.a() == Transpose.NO;
        return one && m <= Integer.MAX_VALUE ? Optional.of(new ProductShape((int) m, y.dim(-1),
                a.dim(op.a() == Transpose.YES ? -2 : -1), op.a(), op.b(), y.dtype(), ending)) : Optional.empty();
    }

    /** The innermost loop over the batch is cuBLAS's own, the others are here; mostly there are none. */
    private void products(MatMul op, Tensor a, Tensor b, Tensor y, Walk walk) {
        int m = y.dim(-2);
        int n = y.dim(-1);
        int k = a.dim(op.a() == Transpose.YES ? -2 : -1);
        int rank = walk.dims().length;
        int inner = rank == 0 ? 1 : walk.dims()[rank - 1];
        long stepA = rank == 0 ? 0 : walk.strides()[0][rank - 1];
        long stepB = rank == 0 ? 0 : walk.strides()[1][rank - 1];
        boolean onlyRows = stepB == 0 && stepA == (long) m * k && op.a() == Transpose.NO
                && (long) m * inner <= Integer.MAX_VALUE;
        long outer = y.size() / ((long) m * n * inner);
        for (long i = 0; i < outer; i++) {
            long atA = 0;
            long atB = 0;
            long rest = i;
            for (int d = rank - 2; d >= 0; d--) {
                atA += rest % walk.dims()[d] * walk.strides()[0][d];
                atB += rest % walk.dims()[d] * walk.strides()[1][d];
                rest /= walk.dims()[d];
            }
            long size = y.dtype().bytes();
            Blas.Factor left = new Blas.Factor(a.segment().address() + atA * size, op.a() == Transpose.YES, stepA);
            Blas.Factor right = new Blas.Factor(b.segment().address() + atB * size, op.b() == Transpose.YES, stepB);
            long result = y.segment().address() + i * inner * m * n * size;
            blas.multiply(onlyRows ? m * inner : m, n, k, left, right, result, onlyRows ? 1 : inner, y.dtype(),
                    Blas.Precision.AS_CONFIGURED);
        }
    }
}
