package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.ArgMax;
import dev.osteon.engine.op.Reduce;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** Sums, means, maxima over any axes, and the place of the largest element: {@code cuda/reduce.cu}. */
record ReductionKernels(CudaRuntime cuda) {

    private static final String FILE = "reduce";
    /** Groups of elements that a warp takes alone. */
    private static final long WARP_GROUPS = 4 * Launch.WARP;
    /** Groups of a row, and elements of a column, that a part has at least. */
    private static final long ROW_PIECE = 2048;
    private static final long COLUMN_PIECE = 64;
    /** Blocks that keep a GPU busy: with so many, sums are not cut into parts. */
    private static final long BUSY = 2048;
    private static final long MAX_PARTS = 1024;

    void register(Registrar to) {
        to.put(Reduce.class, Layouts.ANY, Registrar.F32_OR_LOW, this::reduce)
                .put(ArgMax.class, Layouts.ROW_MAJOR, Registrar.F32_OR_LOW, this::argMax);
    }

    /**
     * One reduction: loops over its results and over the terms of each, one of which goes in steps of some elements.
     *
     * @param divisor a mean's number of terms
     * @param mode    0 for sums
     */
    private record Reduction(Tensor x, Tensor y, Walk results, Walk terms, int pack, long count, long divisor,
            int mode) {

        /** {@code struct Cut}: parts of {@code piece} terms, or groups of terms. */
        private Launch cut(Launch launch, long piece, long parts) {
            return launch.wides(y.size(), count, piece, parts, divisor).integer(mode);
        }
    }

    private void reduce(Reduce op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        if (y.size() == 0) {
            return;
        }
        Shape shape = x.shape();
        long[] strides = shape.strides(x.layout());
        int[] order = Walk.order(shape, x.layout());
        int[] kept = Arrays.stream(Walk.order(shape, y.layout())).filter(d -> !op.axes().contains(d)).toArray();
        int[] reduced = Arrays.stream(order).filter(op.axes()::contains).toArray();
        Walk results = Walk.of(Walk.pick(shape.toArray(), kept), Walk.pick(strides, kept));
        Walk terms = Walk.of(Walk.pick(shape.toArray(), reduced), Walk.pick(strides, reduced));
        long count = Reduce.count(x.spec(), y.spec());
        long divisor = op.function() == Reduce.Function.MEAN ? count : 1;
        int mode = op.function() == Reduce.Function.MAX ? 1 : 0;
        if (results.dims().length > 0 && results.strides()[0][results.dims().length - 1] == 1) {
            int pack = pack(x, results, terms);
            columns(new Reduction(x, y, pack > 1 ? results.packed(pack) : results, terms, pack, count, divisor, mode));
        } else {
            int pack = pack(x, terms, results);
            rows(new Reduction(x, y, results, pack > 1 ? terms.packed(pack) : terms, pack, count, divisor, mode));
        }
    }

    /** Elements of a read of 16 bytes where {@code walked} goes along them and {@code other} leaves them aligned. */
    private static int pack(Tensor x, Walk walked, Walk other) {
        int pack = pack(x.dtype());
        return walked.packs(pack) && other.inMultiplesOf(pack) && Addresses.packed(x) ? pack : 1;
    }

    private static int pack(DType dtype) {
        return dtype.isFloating() ? Addresses.pack(dtype) : 1;
    }

    private void rows(Reduction r) {
        long groups = r.count / r.pack;
        boolean warps = groups <= WARP_GROUPS && r.y.size() >= Launch.WARPS;
        long parts = warps ? 1 : parts(groups, ROW_PIECE, r.y.size());
        long blocks = warps ? (r.y.size() + Launch.WARPS - 1) / Launch.WARPS : r.y.size();
        int width = warps ? Launch.WARP : Launch.BLOCK;
        run(r, "rows", (groups + parts - 1) / parts, parts, blocks, width, finish -> finish.rows(r.y.size()));
    }

    private void columns(Reduction r) {
        int height = r.count >= 2 * Launch.WARPS ? Launch.WARPS : 1;
        int width = Launch.BLOCK / height;
        long blocks = (r.y.size() / r.pack + width - 1) / width;
        long parts = parts(r.count, COLUMN_PIECE, blocks);
        run(r, "columns", (r.count + parts - 1) / parts, parts, blocks, width, finish -> sumColumns(finish, r.y));
    }

    /** The first launch, and the second where there are parts. */
    private void run(Reduction r, String kind, long piece, long parts, long blocks, int width,
            Consumer<Launch> finish) {
        try (Temporaries temporary = new Temporaries(cuda)) {
            int wide = r.x.dtype().isFloating() ? Float.BYTES : Long.BYTES;
            long partial = parts == 1 ? 0 : temporary.bytes(parts * r.y.size() * wide, "parts of sums");
            Launch launch = cuda.launch(FILE, "reduce_" + kind + "_" + r.pack + "_" + r.x.dtype()).walk(r.results)
                    .walk(r.terms).pointer(r.x).address(partial).pointer(r.y);
            r.cut(launch, piece, parts).grid((int) Math.min(blocks, Launch.MOST_BLOCKS), (int) parts, width,
                    Launch.BLOCK / width);
            if (parts > 1) {
                finish.accept(r.cut(cuda.launch(FILE, "reduce_finish_" + kind + "_" + r.x.dtype()).address(partial)
                        .pointer(r.y), piece, parts));
            }
        }
    }

    private static void sumColumns(Launch finish, Tensor y) {
        finish.grid(finish.blocks((y.size() + Launch.WARP - 1) / Launch.WARP), 1, Launch.WARP, Launch.WARP);
    }

    /** y = the sum of {@code parts} float32 rows at {@code partial}, in their order. */
    static void addParts(CudaRuntime cuda, long partial, Tensor y, long parts) {
        sumColumns(cuda.launch(FILE, "reduce_finish_columns_f32").address(partial).pointer(y)
                .wides(y.size(), 0, 0, parts, 1).integer(0), y);
    }

    /** Depends on shapes alone, so that sums are the same on every device. */
    private static long parts(long count, long piece, long blocks) {
        return Math.clamp(Math.min((count + piece - 1) / piece, (BUSY + blocks - 1) / blocks), 1, MAX_PARTS);
    }

    private void argMax(ArgMax op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Rows rows = Rows.along(x.shape(), op.axis());
        int pack = pack(x.dtype());
        pack = rows.inner() == 1 && rows.size() % pack == 0 && Addresses.packed(x) ? pack : 1;
        Launch launch = cuda.launch(FILE, "argmax_" + pack + "_" + x.dtype()).pointer(x)
                .pointer(out.getFirst()).wide(rows.count()).integer(rows.size()).wide(rows.inner());
        if (rows.size() / pack <= WARP_GROUPS) {
            launch.warps(rows.count());
        } else {
            launch.each(rows.count());
        }
    }
}
