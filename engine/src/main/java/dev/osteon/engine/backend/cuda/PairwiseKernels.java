package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.PairwiseCrossEntropy;
import dev.osteon.engine.op.PairwiseCrossEntropyBackward;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/**
 * Contrastive cross-entropy, some rows of similarities at a time: cuBLAS and {@code cuda/losses.cu}. Similarities are
 * made by tensor cores with float32's digits: of each number the first and the next ten bits ({@code pairwise_split}).
 */
record PairwiseKernels(CudaRuntime cuda, Blas blas) {

    private static final String FILE = "losses";
    /** Similarities at a time: 32 MiB, which a cache of 50 MB keeps, and 64 MiB where long products read them again. */
    private static final long FORWARD = 8L << 20;
    private static final long BACKWARD = 16L << 20;
    private static final int TILE = 128;
    private static final int TILE_THREADS = 512;
    private static final int ROWS_AT_ONCE = 256;
    private static final int PACK = 4;
    /** Columns of the products for one of x: first by first, first by next, next by first bits. */
    private static final int PARTS = 3;

    void register(Registrar to) {
        to.put(PairwiseCrossEntropy.class, Layouts.ROW_MAJOR, Registrar.F32, this::forward)
                .put(PairwiseCrossEntropyBackward.class, Layouts.ROW_MAJOR, Registrar.F32, this::backward);
    }

    private void forward(PairwiseCrossEntropy op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        int n = x.dim(-2);
        int d = x.dim(-1);
        int groups = PairwiseCrossEntropy.groups(x.shape());
        int together = together(FORWARD, n, groups);
        long tiles = (n + TILE - 1) / TILE;
        try (Temporaries temporary = new Temporaries(cuda)) {
            Split split = split(x, temporary);
            long similarities = temporary.floats((long) together * band(n, 0) * n, "similarities");
            long tops = temporary.floats(groups * tiles * n, "largest similarities");
            long sums = temporary.floats(groups * tiles * n, "sums of exponentials");
            int count;
            for (int group = 0; group < groups; group += count) {
                count = Math.min(together, groups - group);
                int rows;
                for (int first = 0; first < n; first += rows) {
                    rows = band(n, first);
                    int width = n - first;
                    similarities(split, new Rows(x, group, count, first, rows), first, similarities);
                    int blocks = count * ((rows + TILE - 1) / TILE) * ((width + TILE - 1) / TILE);
                    cuda.launch(FILE, "pairwise_tiles_" + pack(width)).address(similarities)
                            .address(tops + Float.BYTES * group * tiles * n)
                            .address(sums + Float.BYTES * group * tiles * n).integer(count).integer(first)
                            .integer(rows).integer(n).real(op.scale()).grid(blocks, 1, TILE_THREADS, 1);
                }
            }
            cuda.launch(FILE, "pairwise_f32").address(tops).address(sums).pointer(x)
                    .pointer(in.get(1)).pointer(out.get(0)).pointer(out.get(1)).integer(groups).integer(n).integer(d)
                    .real(op.scale()).warps((long) groups * n);
        }
    }

    /** Groups whose similarities fit together, at least one. */
    private static int together(long room, int n, int groups) {
        return Math.clamp(room / ((long) n * n), 1, groups);
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
        int n = x.dim(-2);
        int d = x.dim(-1);
        int groups = PairwiseCrossEntropy.groups(x.shape());
        int together = together(BACKWARD, n, groups);
        int tile = Math.clamp(BACKWARD / n, 1, n);
        try (Temporaries temporary = new Temporaries(cuda)) {
            Split split = split(x, temporary);
            long weights = temporary.floats((long) together * tile * n, "similarities");
            int count;
            for (int group = 0; group < groups; group += count) {
                count = Math.min(together, groups - group);
                for (int first = 0; first < n; first += tile) {
                    Rows rows = new Rows(x, group, count, first, Math.min(tile, n - first));
                    similarities(split, rows, 0, weights);
                    weights(op.scale(), rows, weights, in.get(2), in.get(3));
                    blas.multiply(rows.rows, d, n, new Blas.Factor(weights, false, (long) rows.rows * n),
                            new Blas.Factor(address(x, group, 0), false, (long) n * d),
                            address(out.get(0), group, first), count, DType.F32, Blas.Precision.EXACT);
                }
            }
        }
        cuda.launch(FILE, "pairwise_own_f32").pointer(out.get(0)).pointer(out.get(1)).pointer(x).pointer(in.get(1))
                .pointer(in.get(3)).wide((long) groups * n).integer(d).real(op.scale()).over((long) groups * n * d);
    }

    private void weights(double scale, Rows of, long weights, Tensor logs, Tensor dy) {
        int n = of.x.dim(-2);
        long skipped = (long) Float.BYTES * of.group * n;
        cuda.launch(FILE, "pairwise_weights_" + pack(n)).address(weights).address(logs.segment().address() + skipped)
                .address(dy.segment().address() + skipped).integer(of.count).integer(of.first).integer(of.rows)
                .integer(n).real(scale).grid((n / pack(n) + Launch.BLOCK - 1) / Launch.BLOCK,
                        Math.min(of.rows, ROWS_AT_ONCE), Launch.BLOCK, 1);
    }

    /** Some rows of some groups of x: one group, unless they are all of its rows. */
    private record Rows(Tensor x, int group, int count, int first, int rows) {}

    private static long address(Tensor x, int group, int row) {
        return x.segment().address() + (long) Float.BYTES * ((long) group * x.dim(-2) + row) * x.dim(-1);
    }

    /** Both factors of x·xᵀ, [groups, n, 3·d] each. */
    private record Split(long left, long right) {}

    private Split split(Tensor x, Temporaries temporary) {
        Split split = new Split(temporary.floats(PARTS * x.size(), "digits of a factor"),
                temporary.floats(PARTS * x.size(), "digits of a factor"));
        cuda.launch(FILE, "pairwise_split_f32").pointer(x).address(split.left).address(split.right).wide(x.size())
                .integer(x.dim(-1)).over(x.size());
        return split;
    }

    /** The rows, each with all of its group from row {@code other} on. */
    private void similarities(Split split, Rows of, int other, long result) {
        int n = of.x.dim(-2);
        int d = PARTS * of.x.dim(-1);
        long row = (long) Float.BYTES * d;
        long group = row * n * of.group;
        blas.multiply(of.rows, n - other, d,
                new Blas.Factor(split.left + group + row * of.first, false, (long) n * d),
                new Blas.Factor(split.right + group + row * other, true, (long) n * d), result, of.count, DType.F32,
                Blas.Precision.OF_TEN_BITS);
    }
}
