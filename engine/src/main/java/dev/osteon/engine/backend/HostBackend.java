package dev.osteon.engine.backend;

import dev.osteon.engine.memory.Buffer;
import dev.osteon.engine.memory.CachingAllocator;
import dev.osteon.engine.memory.MemorySource;
import dev.osteon.engine.tensor.Device;
import java.lang.foreign.MemorySegment;

/** A backend whose buffers are this process's memory and whose kernels return when they are done. */
public record HostBackend(Device device, String description, KernelTable kernels, CachingAllocator allocator,
        LowPrecision lowPrecision) implements Backend {

    /** @param memory where its allocator gets blocks from; at most {@code -Dosteon.memory.limit} bytes of it */
    public static HostBackend of(Device device, String description, KernelTable kernels, MemorySource memory,
            LowPrecision lowPrecision) {
        long limit = Long.getLong("osteon.memory.limit", Long.MAX_VALUE);
        return new HostBackend(device, description, kernels,
                new CachingAllocator(device.toString(), memory, limit), lowPrecision);
    }

    @Override
    public void upload(MemorySegment source, Buffer target) {
        target.requireWritable("upload");
        target.segment().copyFrom(source);
    }

    @Override
    public void download(Buffer source, MemorySegment target) {
        target.copyFrom(source.segment());
    }

    @Override
    public void copy(Buffer source, Buffer target) {
        target.requireWritable("copy");
        target.segment().copyFrom(source.segment());
    }

    @Override
    public void synchronize() {
        // every kernel has returned by now
    }
}
