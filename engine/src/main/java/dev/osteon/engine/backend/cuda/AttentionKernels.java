package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Attention;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.Set;

/** Scaled dot-product attention: {@code cuda/attention.cu}. */
record AttentionKernels(CudaRuntime cuda) {

    /** Elements of a tile of scores: 64 MiB. */
    private static final long SCORES = 16L << 20;
    /** Of a block that has a thread for each query, or on tensor cores two. */
    private static final int QUERIES = 64;
    /** With so many or less, most of such a block would be idle. */
    private static final int FEW = 24;
    private static final Set<Integer> DEPTHS = Set.of(16, 32, 64);
    /** Bytes that a thread reads at once. */
    private static final int PACK = 16;

    void register(Registrar to) {
        to.put(Attention.class, Layouts.ROW_MAJOR, Registrar.F32_OR_LOW, this::attention);
    }

    private void attention(Attention op, List<Tensor> in, List<Tensor> out) {
        Tensor q = in.get(0);
        Tensor k = in.get(1);
        Tensor v = in.get(2);
        Tensor y = out.getFirst();
        if (y.size() == 0) {
            return;
        }
        boolean tiled = q.dim(1) > FEW && k.dim(1) > 0 && q.dim(3) == v.dim(3) && DEPTHS.contains(q.dim(3))
                && List.of(q, k, v, y).stream().allMatch(t -> t.segment().address() % PACK == 0);
        if (tiled) {
            tiles(op, in, y);
        } else {
            rows(op, in, y);
        }
    }

    private void tiles(Attention op, List<Tensor> in, Tensor y) {
        Tensor q = in.getFirst();
        long blocks = (long) q.dim(0) * q.dim(2) * Math.ceilDiv(q.dim(1), QUERIES);
        boolean products = y.dtype() != DType.F32 && cuda.architecture() >= CudaBackend.FIRST_WITH_BF16;
        String kernel = (products ? "attention_products_" : "attention_tiles_") + q.dim(3) + "_" + y.dtype();
        Launch launch = cuda.launch("attention", kernel);
        operands(launch, in, y).wide(q.dim(0)).integer(q.dim(1)).integer(in.get(1).dim(1)).integer(q.dim(2))
                .real(op.scale()).wides(biasSteps(in))
                .grid((int) Math.min(Launch.MOST_BLOCKS, blocks), 1, products ? 2 * QUERIES : QUERIES, 1);
    }

    private void rows(Attention op, List<Tensor> in, Tensor y) {
        Tensor q = in.getFirst();
        int keys = in.get(1).dim(1);
        long rows = q.size() / Math.max(1, q.dim(3));
        long tile = Math.clamp(SCORES / Math.max(1, keys), 1, rows);
        try (Temporaries temporary = new Temporaries(cuda)) {
            long scores = temporary.floats(tile * keys, "tile of scores");
            for (long first = 0; first < rows; first += tile) {
                long count = Math.min(tile, rows - first);
                operands(cuda.launch("attention", "attention_rows_" + y.dtype()), in, y).address(scores).wide(first)
                        .wide(count).integer(q.dim(1)).integer(keys).integer(q.dim(2)).integer(q.dim(3))
                        .integer(y.dim(3)).real(op.scale()).wides(biasSteps(in)).rows(count);
            }
        }
    }

    private static Launch operands(Launch launch, List<Tensor> in, Tensor y) {
        return launch.pointer(in.get(0)).pointer(in.get(1)).pointer(in.get(2))
                .addressOrNull(in.size() == 4 ? in.get(3).segment().address() : 0).pointer(y);
    }

    /** Of the bias, for each sample, head, query and key. */
    private static long[] biasSteps(List<Tensor> in) {
        Tensor q = in.getFirst();
        return in.size() < 4 ? new long[4] : in.get(3).shape().stridesWithin(
                Shape.of(q.dim(0), q.dim(2), q.dim(1), in.get(1).dim(1)), Layout.ROW_MAJOR);
    }
}
