package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.check;

import dev.osteon.engine.memory.MemorySource;
import java.lang.foreign.MemorySegment;
import jcuda.driver.JCudaDriver;

/** Blocks of device memory from the driver. Their segments are addresses for kernels, not for the host to read. */
@SuppressWarnings("restricted")
record CudaMemory(CudaRuntime cuda) implements MemorySource {

    private static final int OUT_OF_MEMORY = 2;

    @Override
    public MemorySegment acquire(long bytes) {
        cuda.enter();
        Addresses.DeviceOut address = new Addresses.DeviceOut();
        int status = JCudaDriver.cuMemAlloc(address, bytes);
        if (status == OUT_OF_MEMORY) {
            throw new OutOfMemoryError(CudaFailure.describe(status));
        }
        check(status, "cuMemAlloc of " + bytes + " bytes");
        return MemorySegment.ofAddress(address.address()).reinterpret(bytes);
    }

    /** Waits first: what is queued may still use the block. */
    @Override
    public void surrender(MemorySegment block) {
        cuda.synchronize();
        check(JCudaDriver.cuMemFree(Addresses.device(block.address())), "cuMemFree");
    }
}
