package dev.osteon.engine.backend.onednn;

import static dev.osteon.engine.backend.KernelTable.Layouts.ROW_MAJOR;

import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.op.MatMul;
import dev.osteon.engine.op.MatMul.Transpose;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Matrix products by oneDNN; transposes and broadcasts are strides. */
final class MatMulKernels {

    private static final Map<Key, Primitive> PRIMITIVES = new ConcurrentHashMap<>();

    private MatMulKernels() {}

    static void register(KernelTable table) {
        table.put(MatMul.class, ROW_MAJOR, EnumSet.of(DType.F32, DType.BF16), MatMulKernels::run);
    }

    private record Key(MatMul op, DType dtype, Shape a, Shape b, Shape y, boolean bias) {}

    private static void run(MatMul op, List<Tensor> in, List<Tensor> out) {
        Tensor a = in.get(0);
        Tensor b = in.get(1);
        Tensor y = out.getFirst();
        if (y.size() == 0) {
            return;
        }
        if (a.size() == 0) {
            y.segment().fill((byte) 0);   // an empty sum
            return;
        }
        boolean bias = in.size() == 3;
        Key key = new Key(op, a.dtype(), a.shape(), b.shape(), y.shape(), bias);
        Primitive primitive = PRIMITIVES.get(key);
        if (primitive == null) {
            synchronized (Dnnl.LOCK) {
                primitive = PRIMITIVES.computeIfAbsent(key, MatMulKernels::create);
            }
        }
        if (bias) {
            primitive.run(a.segment(), b.segment(), y.segment(), in.get(2).segment());
        } else {
            primitive.run(a.segment(), b.segment(), y.segment());
        }
    }

    private static Primitive create(Key key) {
        int rank = key.y.rank();
        int type = key.dtype == DType.BF16 ? Dnnl.BF16 : Dnnl.F32;
        MemorySegment a = operand(type, key.a, key.op.a(), rank);
        MemorySegment b = operand(type, key.b, key.op.b(), rank);
        MemorySegment y = operand(type, key.y, Transpose.NO, rank);
        MemorySegment bias = MemorySegment.NULL;
        if (key.bias) {
            int[] dims = new int[rank];
            Arrays.fill(dims, 1);
            dims[rank - 1] = key.y.dim(-1);
            bias = operand(type, Shape.of(dims), Transpose.NO, rank);
        }
        MemorySegment pd = Dnnl.matmul(a, b, bias, y, key.op.epilogue());
        return key.bias ? new Primitive(pd, Dnnl.SRC, Dnnl.WEIGHTS, Dnnl.DST, Dnnl.BIAS)
                : new Primitive(pd, Dnnl.SRC, Dnnl.WEIGHTS, Dnnl.DST);
    }

    /** A matrix operand with leading sizes of 1 up to {@code rank}; a transposed one has its last two swapped. */
    private static MemorySegment operand(int type, Shape shape, Transpose transpose, int rank) {
        long[] dims = new long[rank];
        long[] strides = new long[rank];
        Arrays.fill(dims, 1);
        Arrays.fill(strides, shape.size());
        long[] own = shape.strides(Layout.ROW_MAJOR);
        for (int i = 0; i < own.length; i++) {
            dims[rank - own.length + i] = shape.dim(i);
            strides[rank - own.length + i] = own[i];
        }
        if (transpose == Transpose.YES) {
            swapLast(dims);
            swapLast(strides);
        }
        return Dnnl.descriptor(type, dims, strides);
    }

    private static void swapLast(long[] values) {
        int last = values.length - 1;
        long kept = values[last];
        values[last] = values[last - 1];
        values[last - 1] = kept;
    }
}
