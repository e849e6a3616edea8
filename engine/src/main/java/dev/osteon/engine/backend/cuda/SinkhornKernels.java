package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Sinkhorn;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Sinkhorn's scaling of rows and columns in turn: {@code cuda/sinkhorn.cu}. */
record SinkhornKernels(CudaRuntime cuda) {

    private static final String FILE = "sinkhorn";
    /** Elements of a row that a thread holds in registers. */
    private static final int HELD = 16;
    /** The kernel's launch bounds: with 200 registers each they fit a multiprocessor of any generation. */
    private static final int MAX_THREADS = 320;
    private static final int PACK = 4;
    private static final int MAX_PARTS = 256;
    private static final int MIN_PIECE = 8;

    void register(Registrar to) {
        to.put(Sinkhorn.class, Layouts.ROW_MAJOR, Registrar.F32, this::sinkhorn);
    }

    private void sinkhorn(Sinkhorn op, List<Tensor> in, List<Tensor> out) {
        if (in.getFirst().size() == 0) {
            return;
        }
        try (Temporaries temporary = new Temporaries(cuda)) {
            Scaling scaling = Scaling.of(op, in.getFirst(), out.getFirst(), temporary);
            boolean held = scaling.k <= HELD * MAX_THREADS;
            for (int iteration = 0; iteration < op.iterations(); iteration++) {
                boolean last = iteration + 1 == op.iterations();
                boolean known = iteration > 0 && held;             // sums of columns come with the rows before
                if (!known) {
                    columns(scaling, iteration > 0);
                }
                Launch finish = cuda.launch(FILE, "sinkhorn_finish").address(known ? 0 : scaling.tops)
                        .address(scaling.sums).address(scaling.column).integer(scaling.parts()).integer(scaling.k);
                finish.grid(Math.ceilDiv(scaling.k, Launch.WARP), 1, Launch.WARP, Launch.WARPS);
                if (held) {
                    rows(scaling, iteration == 0, last);
                } else {
                    longRows(scaling, last);
                }
            }
        }
    }

    private void columns(Scaling s, boolean potentials) {
        Launch launch = cuda.launch(FILE, "sinkhorn_columns_" + s.pack).address(s.x)
                .address(potentials ? s.row : 0).address(s.tops).address(s.sums).integer(s.n).integer(s.k)
                .exact(s.inverse).integer(s.piece);
        launch.grid(Math.max(1, (s.k / s.pack + Launch.BLOCK - 1) / Launch.BLOCK), s.parts(), Launch.BLOCK, 1);
    }

    private void rows(Scaling s, boolean first, boolean last) {
        int threads = Math.ceilDiv(s.k, HELD * Launch.WARP) * Launch.WARP;
        cuda.launch(FILE, "sinkhorn_rows_" + s.pack).address(s.x).address(s.row).address(s.column).address(s.sums)
                .address(last ? s.y : 0).integer(s.n).integer(s.k).exact(s.inverse).integer(s.piece)
                .integer(first ? 1 : 0).grid(s.parts(), 1, threads, 1);
    }

    private void longRows(Scaling s, boolean last) {
        cuda.launch(FILE, "sinkhorn_long_rows").address(s.x).address(s.row).address(s.column)
                .address(last ? s.y : 0).integer(s.n).integer(s.k).exact(s.inverse).rows(s.n);
    }

    /**
     * One matrix and what belongs to it in device memory.
     *
     * @param inverse 1 / epsilon
     * @param pack    elements of a read
     * @param piece   rows of a part
     * @param tops    largest elements of each part's columns
     * @param sums    sums of each part's columns
     */
    private record Scaling(long x, long y, int n, int k, double inverse, int pack, int piece, long row, long column,
            long tops, long sums) {

        static Scaling of(Sinkhorn op, Tensor x, Tensor y, Temporaries temporary) {
            int n = x.dim(0);
            int k = x.dim(1);
            int piece = Math.max(MIN_PIECE, (n + MAX_PARTS - 1) / MAX_PARTS);
            long parts = (n + piece - 1) / piece;
            int pack = k % PACK == 0 && Addresses.packed(x, y) ? PACK : 1;
            return new Scaling(x.segment().address(), y.segment().address(), n, k, 1 / op.epsilon(), pack, piece,
                    temporary.bytes(8L * n, "Sinkhorn's rows"), temporary.bytes(8L * k, "Sinkhorn's columns"),
                    temporary.bytes(8L * parts * k, "Sinkhorn's largest"),
                    temporary.floats(parts * k, "Sinkhorn's sums"));
        }

        int parts() {
            return (n + piece - 1) / piece;
        }
    }
}
