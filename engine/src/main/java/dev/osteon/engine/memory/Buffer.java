package dev.osteon.engine.memory;

import dev.osteon.engine.ClosedTensorException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** Reference-counted device memory; goes back to its allocator when the last holder lets go. */
public final class Buffer {

    private final CachingAllocator allocator;
    private final MemorySegment block;
    private final long bytes;
    private final String label;
    private final Optional<MemoryReserve> reserve;
    private final AtomicInteger holders = new AtomicInteger(1);

    Buffer(CachingAllocator allocator, MemorySegment block, long bytes, String label,
            Optional<MemoryReserve> reserve) {
        this.allocator = allocator;
        this.block = block;
        this.bytes = bytes;
        this.label = label;
        this.reserve = reserve;
    }

    /** The memory, exactly as long as was asked for. On a GPU only its address has a meaning. */
    public MemorySegment segment() {
        if (holders.get() <= 0) {
            throw new ClosedTensorException("buffer of " + label + " was used after its last tensor was closed");
        }
        return block.asSlice(0, bytes);
    }

    public long bytes() {
        return bytes;
    }

    /** What the memory was asked for: op and shape. */
    public String label() {
        return label;
    }

    MemorySegment block() {
        return block;
    }

    /** What it was allocated within, if anything. */
    Optional<MemoryReserve> reserve() {
        return reserve;
    }

    /** One more holder. */
    public Buffer retain() {
        if (holders.getAndIncrement() <= 0) {
            throw new ClosedTensorException("buffer of " + label + " was shared after its last tensor was closed");
        }
        return this;
    }

    /** One holder less. */
    public void release() {
        int left = holders.decrementAndGet();
        if (left == 0) {
            allocator.giveBack(this);
        } else if (left < 0) {
            throw new ClosedTensorException("buffer of " + label + " was released twice");
        }
    }
}
