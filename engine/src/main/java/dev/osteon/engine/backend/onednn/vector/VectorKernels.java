package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.KernelTable;

/** Our own kernels for the host's cores, family by family. */
public final class VectorKernels {

    private VectorKernels() {}

    public static void register(KernelTable table) {
        BatchNormKernels.register(table);
        PoolingKernels.register(table);
        CropKernels.register(table);
    }
}
