package dev.osteon.engine.memory;

import dev.osteon.engine.ClosedTensorException;
import dev.osteon.engine.EngineException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Reference-counted device memory; goes back to its allocator, or is unmapped, when the last holder lets go. */
public final class Buffer {

    private final Consumer<Buffer> owner;
    private final MemorySegment block;
    private final long bytes;
    private final String label;
    private final Optional<MemoryReserve> reserve;
    private final AtomicInteger holders = new AtomicInteger(1);

    /** @param owner is given it back */
    Buffer(Consumer<Buffer> owner, MemorySegment block, long bytes, String label, Optional<MemoryReserve> reserve) {
        this.owner = owner;
        this.block = block;
        this.bytes = bytes;
        this.label = label;
        this.reserve = reserve;
    }

    /**
     * A part of a file as memory, read when it is touched; it can only be read. The channel may be closed.
     *
     * @throws IOException when the file ends before the part does, or cannot be mapped
     */
    public static Buffer mapped(FileChannel file, long offset, long bytes, String label) throws IOException {
        Arena arena = Arena.ofShared();
        try {
            MemorySegment block = file.map(FileChannel.MapMode.READ_ONLY, offset, bytes, arena);
            return new Buffer(unused -> arena.close(), block, bytes, label, Optional.empty());
        } catch (IOException | RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /**
     * Called before it is written to by address, which would end the process where that is not allowed.
     *
     * @param what is about to write
     * @throws EngineException when it can only be read
     */
    public void requireWritable(String what) {
        if (block.isReadOnly()) {
            throw new EngineException(what + ": given " + label + ", a mapped file that can only be read; expected "
                    + "memory to write to; copy the tensor first");
        }
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

    /** What it was allocated within, if anything. */
    Optional<MemoryReserve> reserve() {
        return reserve;
    }

    /** Whether more than one tensor has it for its memory. */
    public boolean isShared() {
        return holders.get() > 1;
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
            owner.accept(this);
        } else if (left < 0) {
            throw new ClosedTensorException("buffer of " + label + " was released twice");
        }
    }
}
