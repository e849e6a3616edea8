package dev.osteon.engine.memory;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Blocks of memory that wait for another use, by size; not safe for threads. */
final class FreeBlocks {

    private final TreeMap<Long, Deque<MemorySegment>> bySize = new TreeMap<>();
    private long bytes;

    /** The smallest block of {@code least} to {@code most} bytes, taken out; null when there is none. */
    MemorySegment take(long least, long most) {
        Map.Entry<Long, Deque<MemorySegment>> fit = bySize.ceilingEntry(least);
        if (fit == null || fit.getKey() > most) {
            return null;
        }
        MemorySegment block = fit.getValue().pop();
        if (fit.getValue().isEmpty()) {
            bySize.remove(fit.getKey());
        }
        bytes -= block.byteSize();
        return block;
    }

    void put(MemorySegment block) {
        bytes += block.byteSize();
        bySize.computeIfAbsent(block.byteSize(), size -> new ArrayDeque<>()).push(block);
    }

    /** Hands out all of them. */
    void drain(Consumer<MemorySegment> to) {
        bySize.values().forEach(blocks -> blocks.forEach(to));
        bySize.clear();
        bytes = 0;
    }

    /** Of all of them together. */
    long bytes() {
        return bytes;
    }
}
