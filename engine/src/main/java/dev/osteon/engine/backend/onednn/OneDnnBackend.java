package dev.osteon.engine.backend.onednn;

import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.HostBackend;
import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.backend.onednn.vector.VectorKernels;
import dev.osteon.engine.backend.reference.ReferenceBackend;
import dev.osteon.engine.tensor.Device;

/** oneDNN for convolutions and matrix products, our own vectorised kernels for everything else. */
public final class OneDnnBackend {

    private OneDnnBackend() {}

    public static Backend create() {
        return HostBackend.of(Device.CPU, Dnnl.describe(), kernels(), HugePages.orPlain(), Dnnl.lowPrecision());
    }

    private static KernelTable kernels() {
        KernelTable table = new KernelTable("onednn");
        ConvolutionKernels.register(table);
        MatMulKernels.register(table);
        KernelTable general = ReferenceBackend.kernels();
        VectorKernels.register(table, general);
        return table.orElse(general);
    }
}
