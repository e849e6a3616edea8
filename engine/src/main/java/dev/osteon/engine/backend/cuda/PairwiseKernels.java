package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.PairwiseCrossEntropy;
import dev.osteon.engine.op.PairwiseCrossEntropyBackward;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Contrastive cross-entropy, some rows of similarities at a time: cuBLAS and {@code cuda/losses.cu}. */
record PairwiseKernels(CudaRuntime cuda, Blas blas) {

    private static final String FILE = "losses";
    /** Similarities at a time: 32 MiB, which a cache of 50 MB keeps, and 64 MiB where long products read them again. */
    private static final long FORWARD = 8L << 20;
    private static final long BACKWARD = 16L << 20;
    private static final int TILE = 128;
    private static final int TILE_THREADS = 512;
    private static final int ROWS_AT_ONCE = 256;
    private static final int PACK = 4;

    void register(Registrar to) {
        to.put(PairwiseCrossEntropy.class, Layouts.ROW_MAJOR, Registrar.F32, this::forward)
                .put(PairwiseCrossEntropyBackward.class, Layouts.ROW_MAJOR, Registrar.F32, this::backward);
    }

    private void forward(PairwiseCrossEntropy op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        int n = x.dim(0);
        int d = x.dim(1);
        long tiles = (n + TILE - 1) / TILE;
        try (Temporaries temporary = new Temporaries(cuda)) {
            long similarities = temporary.floats((long) band(n, 0) * n, "similarities");
            long tops = temporary.floats(tiles * n, "largest similarities");
            long sums = temporary.floats(tiles * n, "sums of exponentials");
            int rows;
            for (int first = 0; first < n; first += rows) {
                rows = band(n, first);
                int width = n - first;
                similarities(x, first, rows, first, similarities);
                int blocks = (rows + TILE - 1) / TILE * ((width + TILE - 1) / TILE);
                cuda.launch(FILE, "pairwise_tiles_" + pack(width)).address(similarities).address(tops).address(sums)
                        .integer(first).integer(rows).integer(n).real(op.scale()).grid(blocks, 1, TILE_THREADS, 1);
            }
            cuda.launch(FILE, "pairwise_f32").address(tops).address(sums).pointer(x)
                    .pointer(in.get(1)).pointer(out.get(0)).pointer(out.get(1)).integer(n).integer(d)
                    .real(op.scale()).warps(n);
        }
    }

    /** Rows from {@code first} on whose similarities with all later ones fit, in whole tiles but for the last. */
    private static int band(int n, int first) {
        long rows = Math.max(1, FORWARD / (n - first) / TILE) * TILE;
        return (int) Math.min(rows, n - first);
    }

    private static int pack(int width) {
        return width % PACK == 0 ? PACK : 1;
    }

    private void backward(PairwiseCrossEntropyBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        int n = x.dim(0);
        int d = x.dim(1);
        int tile = Math.clamp(BACKWARD / n, 1, n);
        try (Temporaries temporary = new Temporaries(cuda)) {
            long weights = temporary.floats((long) tile * n, "similarities");
            for (int first = 0; first < n; first += tile) {
                int rows = Math.min(tile, n - first);
                similarities(x, first, rows, 0, weights);
                cuda.launch(FILE, "pairwise_weights_" + pack(n)).address(weights).pointer(in.get(2))
                        .pointer(in.get(3)).integer(first).integer(rows).integer(n).real(op.scale())
                        .grid((n / pack(n) + Launch.BLOCK - 1) / Launch.BLOCK, Math.min(rows, ROWS_AT_ONCE),
                                Launch.BLOCK, 1);
                blas.multiply(rows, d, n, new Blas.Factor(weights, false, 0),
                        new Blas.Factor(x.segment().address(), false, 0),
                        out.get(0).segment().address() + 4L * first * d, 1, DType.F32, Blas.Precision.EXACT);
            }
        }
        cuda.launch(FILE, "pairwise_own_f32").pointer(out.get(0)).pointer(out.get(1)).pointer(x).pointer(in.get(1))
                .pointer(in.get(3)).wide(n).integer(d).real(op.scale()).over((long) n * d);
    }

    /** x's rows from {@code first} on, each with all of x from {@code other} on. */
    private void similarities(Tensor x, int first, int rows, int other, long result) {
        long at = x.segment().address();
        int d = x.dim(1);
        blas.multiply(rows, x.dim(0) - other, d, new Blas.Factor(at + 4L * first * d, false, 0),
                new Blas.Factor(at + 4L * other * d, true, 0), result, 1, DType.F32, Blas.Precision.EXACT);
    }
}
