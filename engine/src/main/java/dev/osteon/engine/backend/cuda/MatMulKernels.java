package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Attention;
import dev.osteon.engine.op.MatMul;
import dev.osteon.engine.op.MatMul.Transpose;
import dev.osteon.engine.op.PairwiseCrossEntropy;
import dev.osteon.engine.op.PairwiseCrossEntropyBackward;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Matrix products, by cuBLAS, and what is made of them: {@code cuda/losses.cu}, {@code cuda/attention.cu}. */
record MatMulKernels(CudaRuntime cuda, Blas blas) {

    private static final String LOSSES = "losses";
    /** Elements of a tile of similarities: 64 MiB. */
    private static final long TILE = 16L << 20;

    MatMulKernels(CudaRuntime cuda) {
        this(cuda, new Blas(cuda));
    }

    void register(Registrar to) {
        to.put(MatMul.class, Layouts.ROW_MAJOR, Registrar.F32_OR_LOW, this::matMul)
                .put(Attention.class, Layouts.ROW_MAJOR, Registrar.F32, this::attention)
                .put(PairwiseCrossEntropy.class, Layouts.ROW_MAJOR, Registrar.F32, this::pairwise)
                .put(PairwiseCrossEntropyBackward.class, Layouts.ROW_MAJOR, Registrar.F32, this::pairwiseBackward);
    }

    private void matMul(MatMul op, List<Tensor> in, List<Tensor> out) {
        Tensor a = in.get(0);
        Tensor b = in.get(1);
        Tensor y = out.getFirst();
        if (y.size() == 0) {
            return;
        }
        int leading = y.rank() - 2;
        int[] batch = Arrays.copyOf(y.shape().toArray(), leading);
        long[] stepsA = Arrays.copyOf(a.shape().stridesWithin(y.shape(), Layout.ROW_MAJOR), leading);
        long[] stepsB = Arrays.copyOf(b.shape().stridesWithin(y.shape(), Layout.ROW_MAJOR), leading);
        products(op, a, b, y, Walk.of(batch, stepsA, stepsB));
        if (in.size() == 3) {
            cuda.launch("pointwise", "add_bias_" + y.dtype()).pointer(y).pointer(in.get(2)).wide(y.size()).wide(1)
                    .integer(y.dim(-1)).over(y.size());
        }
        PointwiseKernels.epilogue(cuda, op.epilogue(), y);
    }

    private void attention(Attention op, List<Tensor> in, List<Tensor> out) {
        Tensor q = in.get(0);
        Tensor v = in.get(2);
        int keys = v.dim(1);
        long rows = q.size() / Math.max(1, q.dim(3));
        if (out.getFirst().size() == 0) {
            return;
        }
        boolean biased = in.size() == 4;
        long[] steps = biased ? in.get(3).shape().stridesWithin(Shape.of(q.dim(0), q.dim(2), q.dim(1), keys),
                Layout.ROW_MAJOR) : new long[4];
        long tile = Math.clamp(TILE / Math.max(1, keys), 1, rows);
        try (Temporaries temporary = new Temporaries(cuda)) {
            long scores = temporary.floats(tile * keys, "tile of scores");
            for (long first = 0; first < rows; first += tile) {
                long count = Math.min(tile, rows - first);
                cuda.launch("attention", "attention_f32").pointer(q).pointer(in.get(1)).pointer(v)
                        .address(biased ? in.get(3).segment().address() : 0).pointer(out.getFirst()).address(scores)
                        .wide(first).wide(count).integer(q.dim(1)).integer(keys).integer(q.dim(2)).integer(q.dim(3))
                        .integer(v.dim(3)).real(op.scale()).wide(steps[0]).wide(steps[1]).wide(steps[2])
                        .wide(steps[3]).rows(count);
            }
        }
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

    private void pairwise(PairwiseCrossEntropy op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        int n = x.dim(0);
        int d = x.dim(1);
        int tile = tile(n);
        try (Temporaries temporary = new Temporaries(cuda)) {
            long similarities = temporary.floats((long) tile * n, "tile of similarities");
            for (int first = 0; first < n; first += tile) {
                int rows = Math.min(tile, n - first);
                similarities(x, first, rows, similarities);
                cuda.launch(LOSSES, "pairwise_f32").address(similarities).pointer(x).pointer(in.get(1))
                        .pointer(out.get(0)).pointer(out.get(1)).integer(first).integer(rows).integer(n).integer(d)
                        .real(op.scale()).rows(rows);
            }
        }
    }

    private void pairwiseBackward(PairwiseCrossEntropyBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        int n = x.dim(0);
        int d = x.dim(1);
        int tile = tile(n);
        long at = x.segment().address();
        try (Temporaries temporary = new Temporaries(cuda)) {
            long weights = temporary.floats((long) tile * n, "tile of similarities");
            for (int first = 0; first < n; first += tile) {
                int rows = Math.min(tile, n - first);
                similarities(x, first, rows, weights);
                cuda.launch(LOSSES, "pairwise_weights_f32").address(weights).pointer(in.get(2)).pointer(in.get(3))
                        .integer(first).integer(rows).integer(n).real(op.scale()).over((long) rows * n);
                blas.multiply(rows, d, n, new Blas.Factor(weights, false, 0), new Blas.Factor(at, false, 0),
                        out.get(0).segment().address() + 4L * first * d, 1, DType.F32, Blas.Precision.EXACT);
            }
        }
        cuda.launch(LOSSES, "pairwise_own_f32").pointer(out.get(0)).pointer(out.get(1)).pointer(x).pointer(in.get(1))
                .pointer(in.get(3)).wide(n).integer(d).real(op.scale()).over((long) n * d);
    }

    /** Rows of the tile of similarities for n rows in all. */
    private static int tile(int n) {
        return Math.clamp(TILE / Math.max(1, n), 1, n);
    }

    /** x's rows from {@code first} on, each with all of x. */
    private void similarities(Tensor x, int first, int rows, long result) {
        long at = x.segment().address();
        blas.multiply(rows, x.dim(0), x.dim(1), new Blas.Factor(at + 4L * first * x.dim(1), false, 0),
                new Blas.Factor(at, true, 0), result, 1, DType.F32, Blas.Precision.EXACT);
    }
}
