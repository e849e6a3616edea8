package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.backend.Kernel;
import dev.osteon.engine.op.Concat;
import dev.osteon.engine.op.Slice;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.List;

/** Concatenation and contiguous slices of any element type: copies of whole runs. */
final class CopyKernels {

    private CopyKernels() {}

    static void register(KernelTable table, KernelTable general) {
        EnumSet<DType> types = EnumSet.of(DType.F64, DType.F32, DType.BF16);
        Kernel<Slice> slice = general.get(new Slice(0, 0, 0, 1)).kernel();
        table.put(Concat.class, Layouts.ROW_MAJOR, types, CopyKernels::concat)
                .put(Slice.class, Layouts.ROW_MAJOR, types, (op, in, out) -> slice(op, in, out, slice));
    }

    /** Bytes from one step along {@code axis} to the next, times the steps: one run. */
    private static long run(Shape shape, int axis, DType dtype) {
        long elements = 1;
        for (int i = axis; i < shape.rank(); i++) {
            elements *= shape.dim(i);
        }
        return elements * dtype.bytes();
    }

    private static void concat(Concat op, List<Tensor> in, List<Tensor> out) {
        Tensor y = out.getFirst();
        long stride = run(y.shape(), op.axis(), y.dtype());
        long offset = 0;
        for (Tensor x : in) {
            long run = run(x.shape(), op.axis(), x.dtype());
            for (long at = 0, to = offset; at < x.spec().bytes(); at += run, to += stride) {
                MemorySegment.copy(x.segment(), at, y.segment(), to, run);
            }
            offset += run;
        }
    }

    private static void slice(Slice op, List<Tensor> in, List<Tensor> out, Kernel<Slice> general) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        if (op.step() != 1) {
            general.run(op, in, out);
            return;
        }
        long stride = run(x.shape(), op.axis(), x.dtype());
        long run = run(y.shape(), op.axis(), y.dtype());
        long first = x.dim(op.axis()) == 0 ? 0 : stride / x.dim(op.axis()) * op.start();
        for (long to = 0, from = first; to < y.spec().bytes(); to += run, from += stride) {
            MemorySegment.copy(x.segment(), from, y.segment(), to, run);
        }
    }
}
