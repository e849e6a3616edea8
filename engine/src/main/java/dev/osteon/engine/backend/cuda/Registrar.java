package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.DeviceFailedException;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Kernel;
import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** Puts kernels into the table, so that what fails in one names the operation, its operands and the device. */
record Registrar(CudaRuntime cuda, KernelTable table) {

    /** Kernels that are there for float32 only; 16-bit operands are widened by the dispatcher. */
    static final Set<DType> F32 = EnumSet.of(DType.F32);
    /** Kernels that read and write float32, bf16 and fp16, computing in float32. */
    static final Set<DType> F32_OR_LOW = EnumSet.of(DType.F32, DType.BF16, DType.F16);

    <O extends Op> Registrar put(Class<O> op, Layouts layouts, Set<DType> floating, Kernel<O> kernel) {
        table.put(op, layouts, floating, (O o, List<Tensor> in, List<Tensor> out) -> {
            try {
                kernel.run(o, in, out);
            } catch (DeviceFailedException e) {
                throw new DeviceFailedException(what(o, in) + e.getMessage(), e);
            } catch (CudaFailure | NoAlgorithm e) {
                cuda.synchronize();                // cuBLAS and cuDNN do not say that the device failed before
                throw new EngineException(what(o, in) + e.getMessage(), e);
            }
        });
        return this;
    }

    private String what(Op op, List<Tensor> in) {
        return op.name() + " of " + in.stream().map(Tensor::spec).toList() + " on " + cuda.device() + ": ";
    }
}
