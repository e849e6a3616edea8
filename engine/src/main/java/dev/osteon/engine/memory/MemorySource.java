package dev.osteon.engine.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Where a caching allocator gets its segments from. */
public interface MemorySource {

    /**
     * A new segment, aligned to at least 64 bytes.
     *
     * @throws OutOfMemoryError when the device has no more
     */
    MemorySegment acquire(long bytes);

    /** Gives a segment of {@link #acquire} back to the device. */
    void surrender(MemorySegment block);

    /** Memory of this process, outside the Java heap. */
    static MemorySource host() {
        Map<Long, Arena> arenas = new ConcurrentHashMap<>();
        return new MemorySource() {
            @Override
            public MemorySegment acquire(long bytes) {
                Arena arena = Arena.ofShared();
                MemorySegment block = arena.allocate(bytes, 64);
                arenas.put(block.address(), arena);
                return block;
            }

            @Override
            public void surrender(MemorySegment block) {
                arenas.remove(block.address()).close();
            }
        };
    }
}
