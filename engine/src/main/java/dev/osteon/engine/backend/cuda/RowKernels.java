package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.L2Normalize;
import dev.osteon.engine.op.L2NormalizeBackward;
import dev.osteon.engine.op.LayerNorm;
import dev.osteon.engine.op.LayerNormBackward;
import dev.osteon.engine.op.LogSoftmax;
import dev.osteon.engine.op.SoftCrossEntropy;
import dev.osteon.engine.op.SoftCrossEntropyBackward;
import dev.osteon.engine.op.Softmax;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** A block or a warp for each row: {@code cuda/rows.cu} and {@code cuda/layernorm.cu}. */
record RowKernels(CudaRuntime cuda) {

    private static final String ROWS = "rows";
    private static final String LAYER_NORM = "layernorm";
    /** Elements of a row that a thread keeps in registers, and of a read. */
    private static final int HELD = 16;
    private static final int PACK = 4;
    private static final long PIECE = 64;
    private static final long MAX_PARTS = 256;

    void register(Registrar to) {
        to.put(Softmax.class, Layouts.ROW_MAJOR, Registrar.F32, (op, in, out) -> along("softmax", op.axis(), in,
                        out))
                .put(LogSoftmax.class, Layouts.ROW_MAJOR, Registrar.F32, (op, in, out) -> along("log_softmax",
                        op.axis(), in, out))
                .put(L2Normalize.class, Layouts.ROW_MAJOR, Registrar.F32, this::l2Normalize)
                .put(L2NormalizeBackward.class, Layouts.ROW_MAJOR, Registrar.F32, this::l2NormalizeBackward)
                .put(SoftCrossEntropy.class, Layouts.ROW_MAJOR, Registrar.F32, this::crossEntropy)
                .put(SoftCrossEntropyBackward.class, Layouts.ROW_MAJOR, Registrar.F32, this::crossEntropyBackward)
                .put(LayerNorm.class, Layouts.ROW_MAJOR, Registrar.F32_OR_LOW, this::layerNorm)
                .put(LayerNormBackward.class, Layouts.ROW_MAJOR, Registrar.F32_OR_LOW, this::layerNormBackward);
    }

    /** Rows of some tensors: whether a block's registers hold one, and then of so many elements a read. */
    private record Held(Rows rows, int pack) {

        static Held of(Rows rows, Tensor... tensors) {
            return new Held(rows, rows.size() % PACK == 0 && Addresses.packed(tensors) ? PACK : 1);
        }

        boolean fits() {
            return rows.inner() == 1 && rows.size() <= HELD * Launch.BLOCK;
        }

        /** What a kernel's name says of it: {@code held_4}, say, or where a row does not fit the word given. */
        String or(String word) {
            return fits() ? "held_" + pack : word;
        }

        void queue(Launch launch) {
            if (!fits()) {
                launch.rows(rows.count());
            } else if (rows.size() <= HELD * Launch.WARP) {
                launch.warps(rows.count());
            } else {
                launch.each(rows.count());
            }
        }
    }

    private void along(String kernel, int axis, List<Tensor> in, List<Tensor> out) {
        Rows rows = Rows.along(in.getFirst().shape(), axis);
        Held held = Held.of(rows, in.getFirst(), out.getFirst());
        Launch launch = cuda.launch(ROWS, kernel + "_" + held.or("f32")).pointer(in.getFirst()).pointer(out.getFirst())
                .wide(rows.count()).integer(rows.size());
        held.queue(held.fits() ? launch : launch.wide(rows.inner()));
    }

    private void l2Normalize(L2Normalize op, List<Tensor> in, List<Tensor> out) {
        Rows rows = Rows.along(in.getFirst().shape(), op.axis());
        Held held = Held.of(rows, in.getFirst(), out.getFirst());
        Launch launch = cuda.launch(ROWS, "l2_normalize_" + held.or("f32")).pointer(in.getFirst()).pointer(out.get(0))
                .pointer(out.get(1)).wide(rows.count()).integer(rows.size());
        held.queue((held.fits() ? launch : launch.wide(rows.inner())).real(op.eps()));
    }

    private void l2NormalizeBackward(L2NormalizeBackward op, List<Tensor> in, List<Tensor> out) {
        Rows rows = Rows.along(in.getFirst().shape(), op.axis());
        Held held = Held.of(rows, in.get(0), in.get(1), out.getFirst());
        Launch launch = cuda.launch(ROWS, "l2_normalize_backward_" + held.or("f32")).pointer(in.get(0))
                .pointer(in.get(1)).pointer(in.get(2)).pointer(out.getFirst()).wide(rows.count()).integer(rows.size());
        held.queue(held.fits() ? launch : launch.wide(rows.inner()));
    }

    private void crossEntropy(SoftCrossEntropy op, List<Tensor> in, List<Tensor> out) {
        Rows rows = Rows.along(in.getFirst().shape(), 1);
        Held held = Held.of(rows, in.get(0), in.get(1));
        held.queue(cuda.launch(ROWS, "soft_cross_entropy_" + held.or("f32")).pointer(in.get(0)).pointer(in.get(1))
                .pointer(out.get(0)).pointer(out.get(1)).wide(rows.count()).integer(rows.size()).real(op.scale()));
    }

    private void crossEntropyBackward(SoftCrossEntropyBackward op, List<Tensor> in, List<Tensor> out) {
        Rows rows = Rows.along(in.getFirst().shape(), 1);
        Held held = Held.of(rows, in.get(0), in.get(1), out.getFirst());
        held.queue(cuda.launch(ROWS, "soft_cross_entropy_backward_" + held.or("f32")).pointer(in.get(0))
                .pointer(in.get(1)).pointer(in.get(2)).pointer(in.get(3)).pointer(out.getFirst()).wide(rows.count())
                .integer(rows.size()).real(op.scale()));
    }

    private void layerNorm(LayerNorm op, List<Tensor> in, List<Tensor> out) {
        Rows rows = new Rows(out.get(1).size(), (int) in.get(1).size(), 1);
        Held held = Held.of(rows, in.get(0), in.get(1), in.get(2), out.getFirst());
        held.queue(cuda.launch(LAYER_NORM, "layer_norm_" + held.or("rows") + "_" + out.getFirst().dtype())
                .pointer(in.get(0)).pointer(in.get(1)).pointer(in.get(2)).pointer(out.get(0)).pointer(out.get(1))
                .pointer(out.get(2)).wide(rows.count()).integer(rows.size()).real(op.eps()));
    }

    private void layerNormBackward(LayerNormBackward op, List<Tensor> in, List<Tensor> out) {
        long rows = in.get(3).size();
        int n = (int) in.get(2).size();
        String type = out.getFirst().dtype().toString();
        Held held = Held.of(new Rows(rows, n, 1), in.get(0), in.get(1), in.get(2), out.getFirst());
        held.queue(cuda.launch(LAYER_NORM, "layer_norm_backward_" + held.or("rows") + "_" + type).pointer(in.get(0))
                .pointer(in.get(1)).pointer(in.get(2)).pointer(in.get(3)).pointer(in.get(4)).pointer(out.getFirst())
                .wide(rows).integer(n));
        long parts = Math.clamp((rows + PIECE - 1) / PIECE, 1, MAX_PARTS);
        try (Temporaries temporary = new Temporaries(cuda)) {
            long dgamma = temporary.floats(parts * n, "dgamma parts");
            long dbeta = temporary.floats(parts * n, "dbeta parts");
            Launch launch = cuda.launch(LAYER_NORM, "layer_norm_columns_" + type).pointer(in.get(0)).pointer(in.get(1))
                    .pointer(in.get(3)).pointer(in.get(4)).address(dgamma).address(dbeta).wide(rows).integer(n)
                    .wide((rows + parts - 1) / parts);
            launch.grid(launch.blocks((n + Launch.BLOCK - 1) / Launch.BLOCK), (int) parts, Launch.BLOCK, 1);
            ReductionKernels.addParts(cuda, dgamma, out.get(1), parts);
            ReductionKernels.addParts(cuda, dbeta, out.get(2), parts);
        }
    }
}
