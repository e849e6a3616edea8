package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.Kernel;
import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * Where kernels enter the backend's table.
 *
 * @param general kernels for the element types that ours do not take
 */
record Registry(KernelTable table, KernelTable general) {

    private static final Set<DType> FLOATING = EnumSet.of(DType.F64, DType.F32, DType.BF16, DType.F16);

    /** A kernel for a first operand of float32 or 16 bits and no float64; what else comes is done in general. */
    <O extends Op> Registry floats(Class<O> op, Layouts layouts, Kernel<O> kernel) {
        table.put(op, layouts, FLOATING, (given, in, out) -> {
            if (in.getFirst().dtype().isFloating() && isNarrow(in) && isNarrow(out)) {
                kernel.run(given, in, out);
            } else {
                general.get(given).kernel().run(given, in, out);
            }
        });
        return this;
    }

    /** A kernel that takes every element type. */
    <O extends Op> Registry anything(Class<O> op, Layouts layouts, Kernel<O> kernel) {
        table.put(op, layouts, FLOATING, kernel);
        return this;
    }

    private static boolean isNarrow(List<Tensor> tensors) {
        for (Tensor tensor : tensors) {
            if (tensor.dtype() == DType.F64) {
                return false;
            }
        }
        return true;
    }
}
