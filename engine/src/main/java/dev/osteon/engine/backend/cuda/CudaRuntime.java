package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.check;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.NotRecordableException;
import dev.osteon.engine.memory.Buffer;
import dev.osteon.engine.memory.CachingAllocator;
import dev.osteon.engine.tensor.Device;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUstream;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/**
 * One GPU of this process: its primary context, the stream that everything runs on, its memory, its kernels. Work is
 * queued and runs in the order of the calls, whatever thread they come from; so memory that is given back may be handed
 * out again at once, for its next user is queued behind its last.
 */
final class CudaRuntime {

    private final Device device;
    private final CUcontext context = new CUcontext();
    private final CUstream stream = new CUstream();
    private final ThreadLocal<Boolean> current = ThreadLocal.withInitial(() -> false);
    private final ThreadLocal<Capture> captures = new ThreadLocal<>();
    private final String name;
    private final int architecture;
    private final int multiprocessors;
    private final int driverVersion;
    private final CachingAllocator allocator;
    private final KernelModules modules;
    private final Faults faults;
    private final Staging staging;
    private final ThreadLocal<Launch> launches = ThreadLocal.withInitial(() -> new Launch(this));
    private volatile String lastQueued = "nothing";

    private CudaRuntime(Device device) {
        this.device = device;
        check(JCudaDriver.cuInit(0), "cuInit");
        int[] count = new int[1];
        check(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
        if (device.ordinal() >= count[0]) {
            throw new EngineException("this machine has " + count[0] + " CUDA devices");
        }
        CUdevice handle = new CUdevice();
        check(JCudaDriver.cuDeviceGet(handle, device.ordinal()), "cuDeviceGet");
        byte[] text = new byte[256];
        check(JCudaDriver.cuDeviceGetName(text, text.length, handle), "cuDeviceGetName");
        this.name = new String(text, StandardCharsets.UTF_8).replace("\0", "").strip();
        this.architecture = 10 * attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
                + attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        this.multiprocessors = attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
        int[] version = new int[1];
        check(JCudaDriver.cuDriverGetVersion(version), "cuDriverGetVersion");
        this.driverVersion = version[0];
        check(JCudaDriver.cuDevicePrimaryCtxRetain(context, handle), "cuDevicePrimaryCtxRetain");
        enter();
        check(JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate");
        this.allocator = new CachingAllocator(device.toString(), new CudaMemory(this),
                Long.getLong("osteon.memory.limit", Long.MAX_VALUE));
        this.modules = new KernelModules(this);
        this.faults = new Faults(this);
        this.staging = new Staging(this);
    }

    /**
     * Opens a GPU.
     *
     * @throws EngineException saying in one line why it cannot be used
     */
    static CudaRuntime open(Device device) {
        return new CudaRuntime(device);
    }

    private static int attribute(CUdevice handle, int which) {
        int[] value = new int[1];
        check(JCudaDriver.cuDeviceGetAttribute(value, which, handle), "cuDeviceGetAttribute");
        return value[0];
    }

    /** Makes the context the calling thread's; before any call of the driver. */
    void enter() {
        if (!current.get()) {
            check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
            current.set(true);
        }
    }

    Device device() {
        return device;
    }

    String name() {
        return name;
    }

    /** Compute capability: 90 for 9.0. */
    int architecture() {
        return architecture;
    }

    int multiprocessors() {
        return multiprocessors;
    }

    /** As the driver counts: 12060 for CUDA 12.6. */
    int driverVersion() {
        return driverVersion;
    }

    /** Where the calling thread's work goes: the device's stream, or the one that this thread records. */
    CUstream stream() {
        Capture capture = captures.get();
        return capture == null ? stream : capture.stream();
    }

    /** The stream of all that is done at once, whoever records. */
    CUstream mainStream() {
        return stream;
    }

    /** What the calling thread records, if it does. */
    Optional<Capture> capture() {
        return Optional.ofNullable(captures.get());
    }

    /** Runs {@code work}; what the calling thread queues meanwhile goes to the capture. */
    void capturing(Capture capture, Runnable work) {
        if (capture().isPresent()) {
            throw new NotRecordableException("another recording is being made by this thread");
        }
        captures.set(capture);
        try {
            work.run();
        } finally {
            captures.remove();
        }
    }

    /** @throws NotRecordableException when the calling thread records */
    void requireDone(String what) {
        if (capture().isPresent()) {
            throw new NotRecordableException("the step " + what);
        }
    }

    /** Notes for the recording, if one is being made, what a call on the stream is given; addresses left out. */
    void note(String name, Object... given) {
        capture().ifPresent(capture -> {
            long hash = 0;
            for (Object one : given) {
                hash = Capture.mix(hash, one.toString().hashCode());
            }
            capture.note(name, hash);
        });
    }

    CachingAllocator allocator() {
        return allocator;
    }

    Faults faults() {
        return faults;
    }

    KernelModules modules() {
        return modules;
    }

    Staging staging() {
        return staging;
    }

    /** A launch of {@code kernel} in {@code cuda/<file>.cu}, to be given its arguments. One at a time for a thread. */
    Launch launch(String file, String kernel) {
        enter();
        return launches.get().begin(modules.function(file, kernel), kernel);
    }

    /** Device memory for the time of a kernel; release it as soon as its last use is queued. */
    Buffer temporary(long bytes, String label) {
        return allocator.allocate(bytes, label);
    }

    /** Remembers for error messages what was queued last. */
    void queued(String what) {
        lastQueued = what;
    }

    /** A device-to-device copy behind what is queued. */
    void copy(long from, long to, long bytes) {
        enter();
        if (bytes > 0) {
            note("copy", bytes);
            check(JCudaDriver.cuMemcpyDtoDAsync(Addresses.device(to), Addresses.device(from), bytes, stream()),
                    "cuMemcpyDtoDAsync of " + bytes + " bytes");
        }
    }

    /**
     * Queues a copy of {@code source} to a device address; returns when {@code source} may be reused. What is uploaded
     * within a recording is there each time it is queued.
     */
    void upload(MemorySegment source, long to) {
        Capture capture = captures.get();
        if (capture == null) {
            staging.upload(source, to);
        } else if (source.byteSize() > 0) {
            capture.note("upload", Capture.hash(source));
            copy(capture.constant(source, "constant of a recording").segment().address(), to, source.byteSize());
        }
    }

    /**
     * Waits for all that was queued.
     *
     * @throws dev.osteon.engine.DeviceFailedException when a kernel died; NVIDIA reports that here, not where it was
     *                                                 queued
     */
    void synchronize() {
        enter();
        check(JCudaDriver.cuStreamSynchronize(stream), device + " failed; queued last: " + lastQueued);
    }
}
