package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.check;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.Backend;
import dev.osteon.engine.memory.Buffer;
import java.util.List;
import jcuda.driver.JCudaDriver;

/** Plain copies by the driver, for measuring how fast a GPU's memory and its bus are. */
public final class Copies implements AutoCloseable {

    /** From where to where; the host's memory is page-locked. */
    public enum Route { DEVICE_TO_DEVICE, HOST_TO_DEVICE, DEVICE_TO_HOST }

    private final CudaRuntime cuda;
    private final Route route;
    private final long bytes;
    private final List<Buffer> device;
    private final long host;

    private Copies(CudaRuntime cuda, Route route, long bytes) {
        this.cuda = cuda;
        this.route = route;
        this.bytes = bytes;
        cuda.enter();
        this.device = List.of(cuda.temporary(bytes, "copies"), cuda.temporary(bytes, "copies"));
        Addresses.Out address = new Addresses.Out();
        if (route != Route.DEVICE_TO_DEVICE) {
            check(JCudaDriver.cuMemHostAlloc(address, bytes, 0), "cuMemHostAlloc of " + bytes + " bytes");
        }
        this.host = address.address();
    }

    /**
     * Copies of {@code bytes} bytes.
     *
     * @throws EngineException when the backend is not a GPU's
     */
    public static Copies on(Backend backend, Route route, long bytes) {
        if (backend instanceof CudaBackend gpu) {
            return new Copies(gpu.cuda(), route, bytes);
        }
        throw new EngineException("copies are timed on a GPU; given " + backend.device() + "; expected cuda");
    }

    private long at(int buffer) {
        return device.get(buffer).segment().address();
    }

    /** Queues one copy behind what is queued; {@link Backend#synchronize} waits. */
    public void queue() {
        cuda.enter();
        switch (route) {
            case DEVICE_TO_DEVICE -> cuda.copy(at(0), at(1), bytes);
            case HOST_TO_DEVICE -> check(JCudaDriver.cuMemcpyHtoDAsync(Addresses.device(at(0)), Addresses.of(host),
                    bytes, cuda.stream()), "cuMemcpyHtoDAsync of " + bytes + " bytes");
            case DEVICE_TO_HOST -> check(JCudaDriver.cuMemcpyDtoHAsync(Addresses.of(host), Addresses.device(at(0)),
                    bytes, cuda.stream()), "cuMemcpyDtoHAsync of " + bytes + " bytes");
        }
    }

    @Override
    public void close() {
        cuda.synchronize();
        device.forEach(Buffer::release);
        if (host != 0) {
            check(JCudaDriver.cuMemFreeHost(Addresses.of(host)), "cuMemFreeHost");
        }
    }
}
