package dev.osteon.engine.backend;

import dev.osteon.engine.memory.Buffer;
import dev.osteon.engine.memory.CachingAllocator;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** A device's kernels and memory. */
public interface Backend {

    Device device();

    /** One line for people: library, version, instruction set. */
    String description();

    KernelTable kernels();

    CachingAllocator allocator();

    /** Copies host memory into {@code target}; returns when {@code source} may be reused. */
    void upload(MemorySegment source, Buffer target);

    /** Copies {@code source} into host memory; returns when all of it is there. */
    void download(Buffer source, MemorySegment target);

    /** Copies {@code source} to {@code target}, as long as it, in the order of the kernels; waits for nothing. */
    void copy(Buffer source, Buffer target);

    /** Whether a test double stands in for the device: right numbers, and speed that means nothing. */
    default boolean isEmulated() {
        return false;
    }

    /** The 16-bit type that this device trains in by default, if any, and why. */
    LowPrecision lowPrecision();

    /** How weights lie for convolutions of channels-last images that are to bring them nowhere at each call. */
    default Layout convolutionWeights() {
        return Layout.ROW_MAJOR;
    }

    /** The device's own clock, where work is queued and its time is not the host's. */
    default Optional<DeviceClock> clock() {
        return Optional.empty();
    }

    /** The maker's profiler, where there is one to be told of. */
    default Optional<DeviceProfiler> profiler() {
        return Optional.empty();
    }

    /** How work is recorded to be queued again as a whole, on a device that can. */
    default Optional<Recorder> recorder() {
        return Optional.empty();
    }

    /** Waits until all work given to the device is done. */
    void synchronize();
}
