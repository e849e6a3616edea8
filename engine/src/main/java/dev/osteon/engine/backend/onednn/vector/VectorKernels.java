package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.KernelTable;

/** Our own kernels for the host's cores, family by family. */
public final class VectorKernels {

    private VectorKernels() {}

    /**
     * @param general kernels for what ours pass on: other element types, unusual arrangements
     */
    public static void register(KernelTable table, KernelTable general) {
        Registry registry = new Registry(table, general);
        ElementwiseKernels.register(registry);
        UnaryKernels.register(registry);
        BroadcastKernels.register(registry);
        ReductionKernels.register(registry);
        AxisKernels.register(registry);
        LayerNormKernels.register(registry);
        PairwiseKernels.register(registry);
        SinkhornKernel.register(registry);
        CopyKernels.register(registry);
        CastKernels.register(registry);
        MultiTensorKernel.register(registry);
        IndexKernels.register(registry);
        AttentionKernel.register(table);
        CrossEntropyKernels.register(table);
        OptimizerKernels.register(table);
        BatchNormKernels.register(table);
        PoolingKernels.register(table);
        ResizeKernels.register(registry);
        ViewKernels.register(registry);
        CropKernels.register(table);
        CropGradientKernel.register(registry);
    }
}
