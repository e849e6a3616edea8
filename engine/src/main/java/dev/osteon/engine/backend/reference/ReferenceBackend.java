package dev.osteon.engine.backend.reference;

import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.backend.HostBackend;
import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.tensor.Device;

/** Plain loops on the host, in float64 where the operands are: the executable specification of every operation. */
public final class ReferenceBackend {

    private ReferenceBackend() {}

    public static Backend create() {
        return HostBackend.of(Device.REFERENCE, "plain loops, one thread", kernels());
    }

    private static KernelTable kernels() {
        return new KernelTable("reference");
    }
}
