package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.ArgMax;
import dev.osteon.engine.op.Reduce;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Sums, means, maxima over any axes, and the place of the largest element: {@code cuda/reduce.cu}. */
record ReductionKernels(CudaRuntime cuda) {

    private static final String FILE = "reduce";
    /** Elements that a block, or a thread of columns, takes at least before a sum is cut into parts. */
    private static final long ROW_PIECE = 8192;
    private static final long COLUMN_PIECE = 256;
    private static final long MAX_PARTS = 256;
    /** With so many results the device is busy without cutting sums into parts. */
    private static final long MANY_ROWS = 256;
    private static final long MANY_COLUMNS = 1 << 16;

    void register(Registrar to) {
        to.put(Reduce.class, Layouts.ANY, Registrar.F32_OR_LOW, this::reduce)
                .put(ArgMax.class, Layouts.ROW_MAJOR, Registrar.F32_OR_LOW, this::argMax);
    }

    private void reduce(Reduce op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        Shape shape = x.shape();
        long[] strides = shape.strides(x.layout());
        int[] order = Walk.order(shape, x.layout());
        int[] kept = Arrays.stream(Walk.order(shape, y.layout())).filter(d -> !op.axes().contains(d)).toArray();
        int[] reduced = Arrays.stream(order).filter(op.axes()::contains).toArray();
        Walk results = Walk.of(Walk.pick(shape.toArray(), kept), Walk.pick(strides, kept));
        Walk terms = Walk.of(Walk.pick(shape.toArray(), reduced), Walk.pick(strides, reduced));
        boolean lanesAlongResults = results.dims().length > 0 && results.strides()[0][results.dims().length - 1] == 1;
        long count = Reduce.count(x.spec(), y.spec());
        long parts = lanesAlongResults ? parts(count, COLUMN_PIECE, y.size() >= MANY_COLUMNS)
                : parts(count, ROW_PIECE, y.size() >= MANY_ROWS);
        long piece = (count + parts - 1) / parts;
        int mode = op.function() == Reduce.Function.MAX ? 1 : 0;
        if (y.size() == 0) {
            return;
        }
        try (Temporaries temporary = new Temporaries(cuda)) {
            int wide = x.dtype().isFloating() ? Float.BYTES : Long.BYTES;
            long partial = temporary.bytes(parts * y.size() * wide, op.name() + " parts");
            Launch launch = cuda.launch(FILE, (lanesAlongResults ? "reduce_columns_" : "reduce_rows_") + x.dtype())
                    .walk(results).walk(terms).pointer(x).address(partial).wide(y.size()).wide(count).wide(piece)
                    .integer(mode);
            long blocks = lanesAlongResults ? (y.size() + Launch.BLOCK - 1) / Launch.BLOCK : y.size();
            launch.grid(launch.blocks(blocks), (int) parts, Launch.BLOCK, 1);
            cuda.launch(FILE, "reduce_finish_" + x.dtype()).address(partial).pointer(y).wide(y.size())
                    .integer((int) parts).wide(op.function() == Reduce.Function.MEAN ? count : 1).integer(mode)
                    .over(y.size());
        }
    }

    /** y = the sum of {@code parts} float32 rows at {@code partial}, in their order. */
    static void addParts(CudaRuntime cuda, long partial, Tensor y, long parts) {
        cuda.launch(FILE, "reduce_finish_f32").address(partial).pointer(y).wide(y.size()).integer((int) parts)
                .wide(1).integer(0).over(y.size());
    }

    /** Depends on shapes alone, so that sums are the same on every device. */
    private static long parts(long count, long piece, boolean busy) {
        return busy ? 1 : Math.clamp((count + piece - 1) / piece, 1, MAX_PARTS);
    }

    private void argMax(ArgMax op, List<Tensor> in, List<Tensor> out) {
        Rows rows = Rows.along(in.getFirst().shape(), op.axis());
        cuda.launch(FILE, "argmax_" + in.getFirst().dtype()).pointer(in.getFirst()).pointer(out.getFirst())
                .wide(rows.count()).integer(rows.size()).wide(rows.inner()).rows(rows.count());
    }
}
