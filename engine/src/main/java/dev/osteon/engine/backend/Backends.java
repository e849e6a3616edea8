package dev.osteon.engine.backend;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.cuda.CudaBackend;
import dev.osteon.engine.backend.onednn.OneDnnBackend;
import dev.osteon.engine.backend.onednn.vector.Parallel;
import dev.osteon.engine.backend.reference.ReferenceBackend;
import dev.osteon.engine.tensor.Device;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The backends of this process, each made at first use. */
public final class Backends {

    private static final Map<Device, Backend> OPEN = new ConcurrentHashMap<>();

    private Backends() {}

    /**
     * The backend of a device.
     *
     * @throws EngineException saying why when it cannot run on this machine
     */
    public static Backend of(Device device) {
        Backend backend = OPEN.get(device);
        return backend != null ? backend : OPEN.computeIfAbsent(device, Backends::create);
    }

    /**
     * Computes on {@code threads} CPU threads from now on, this process's own among them; not while a kernel runs.
     *
     * @throws EngineException for less than 1
     */
    public static void setCpuThreads(int threads) {
        Parallel.setThreads(threads);
    }

    private static Backend create(Device device) {
        return switch (device.kind()) {
            case REFERENCE -> ReferenceBackend.create();
            case ONEDNN -> OneDnnBackend.create();
            case CUDA -> CudaBackend.create(device);
        };
    }
}
