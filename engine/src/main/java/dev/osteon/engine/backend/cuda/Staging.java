package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.check;

import java.lang.foreign.MemorySegment;
import jcuda.Pointer;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.JCudaDriver;

/**
 * Copies between the host and the device through page-locked memory: a ring of slots, each with an event that says when
 * the device is done with it, so that an upload returns as soon as its source was copied into slots.
 */
@SuppressWarnings("restricted")
final class Staging {

    private static final int SLOTS = 4;
    private static final long SLOT = 4L << 20;

    private final CudaRuntime cuda;
    private final MemorySegment[] memory = new MemorySegment[SLOTS];
    private final CUevent[] free = new CUevent[SLOTS];
    private int next;

    Staging(CudaRuntime cuda) {
        this.cuda = cuda;
        for (int i = 0; i < SLOTS; i++) {
            Addresses.Out address = new Addresses.Out();
            check(JCudaDriver.cuMemHostAlloc(address, SLOT, 0), "cuMemHostAlloc of " + SLOT + " bytes");
            memory[i] = MemorySegment.ofAddress(address.address()).reinterpret(SLOT);
            free[i] = new CUevent();
            check(JCudaDriver.cuEventCreate(free[i], CUevent_flags.CU_EVENT_DISABLE_TIMING), "cuEventCreate");
            check(JCudaDriver.cuEventRecord(free[i], cuda.stream()), "cuEventRecord");
        }
    }

    /** Queues a copy of {@code source} to a device address; returns when {@code source} may be reused. */
    synchronized void upload(MemorySegment source, long target) {
        cuda.enter();
        for (long at = 0; at < source.byteSize(); at += SLOT) {
            long bytes = Math.min(SLOT, source.byteSize() - at);
            int slot = takeSlot();
            MemorySegment.copy(source, at, memory[slot], 0, bytes);
            check(JCudaDriver.cuMemcpyHtoDAsync(Addresses.device(target + at), host(slot), bytes, cuda.stream()),
                    "cuMemcpyHtoDAsync of " + bytes + " bytes");
            check(JCudaDriver.cuEventRecord(free[slot], cuda.stream()), "cuEventRecord");
        }
    }

    /** Waits for the device and copies {@code target.byteSize()} bytes from a device address. */
    synchronized void download(long source, MemorySegment target) {
        cuda.enter();
        for (long at = 0; at < target.byteSize(); at += SLOT) {
            long bytes = Math.min(SLOT, target.byteSize() - at);
            int slot = takeSlot();
            check(JCudaDriver.cuMemcpyDtoHAsync(host(slot), Addresses.device(source + at), bytes, cuda.stream()),
                    "cuMemcpyDtoHAsync of " + bytes + " bytes");
            cuda.synchronize();
            MemorySegment.copy(memory[slot], 0, target, at, bytes);
        }
    }

    private Pointer host(int slot) {
        return Addresses.of(memory[slot].address());
    }

    private int takeSlot() {
        int slot = next;
        next = (next + 1) % SLOTS;
        check(JCudaDriver.cuEventSynchronize(free[slot]), "cuEventSynchronize");
        return slot;
    }
}
