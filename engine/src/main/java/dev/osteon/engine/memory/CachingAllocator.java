package dev.osteon.engine.memory;

import dev.osteon.engine.OutOfMemoryException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Keeps freed blocks for reuse, after PyTorch's caching allocator: sizes are rounded, the best fitting free block
 * serves, and before an out-of-memory error all free blocks go back to the device and the request is tried again.
 */
public final class CachingAllocator {

    private static final long SMALL = 1 << 20;
    private static final long SMALL_STEP = 512;
    private static final long LARGE_STEP = 128 << 10;
    /** A free block may be at most this much larger than asked for: bounds the waste inside blocks. */
    private static final double LARGEST_FIT = 1.25;

    /** What becomes of the sizes asked for, and of blocks given back. */
    public enum Blocks {
        /** Sizes are rounded, and free blocks are kept for reuse. */
        REUSED,
        /**
         * Each buffer is a block of its own, as long as was asked for, and goes back to the device at once: slow, and
         * a device that watches its blocks' ends sees what reads or writes past a tensor, or uses it after its time.
         */
        EXACT
    }

    private final String device;
    private final MemorySource source;
    private volatile long limit;
    private volatile Blocks blocks = Blocks.REUSED;
    private final TreeMap<Long, Deque<MemorySegment>> free = new TreeMap<>();
    private final Map<Buffer, Long> live = new IdentityHashMap<>();
    private long active;
    private long peak;
    private long cached;
    private long allocations;

    /**
     * @param device name for messages
     * @param source where blocks come from
     * @param limit  most bytes that active and cached blocks may take together
     */
    public CachingAllocator(String device, MemorySource source, long limit) {
        this.device = device;
        this.source = source;
        this.limit = limit;
    }

    /** Sets the most bytes that active and cached blocks may take together, from the next request on. */
    public void setLimit(long bytes) {
        limit = bytes;
    }

    /** Sets how blocks are handled from now on; what is cached goes back to the device. */
    public synchronized void setBlocks(Blocks mode) {
        blocks = mode;
        trim();
    }

    /**
     * Memory for {@code bytes} bytes, contents undefined.
     *
     * @param label what it is for, for error messages and leak reports
     * @throws OutOfMemoryException when it does not fit even with the cache emptied
     */
    public synchronized Buffer allocate(long bytes, String label) {
        long rounded = blocks == Blocks.EXACT ? Math.max(1, bytes) : round(bytes);
        MemorySegment block = reuse(rounded);
        if (block == null) {
            block = acquire(rounded, label);
        }
        Buffer buffer = new Buffer(this, block, bytes, label);
        live.put(buffer, block.byteSize());
        active += block.byteSize();
        peak = Math.max(peak, active);
        return buffer;
    }

    synchronized void giveBack(Buffer buffer) {
        long size = live.remove(buffer);
        active -= size;
        if (blocks == Blocks.EXACT) {
            source.surrender(buffer.block());
            return;
        }
        cached += size;
        free.computeIfAbsent(size, key -> new ArrayDeque<>()).push(buffer.block());
    }

    /** Gives every cached block back to the device. */
    public synchronized void trim() {
        free.values().forEach(blocks -> blocks.forEach(source::surrender));
        free.clear();
        cached = 0;
    }

    public synchronized MemoryStats stats() {
        return new MemoryStats(active, peak, cached, live.size(), allocations);
    }

    /** Starts a new peak measurement from what is active now. */
    public synchronized void resetPeak() {
        peak = active;
    }

    /** Bytes of live buffers by what they were asked for. */
    public synchronized Map<String, Long> holders() {
        return live.entrySet().stream()
                .collect(Collectors.groupingBy(e -> e.getKey().label(), Collectors.summingLong(Map.Entry::getValue)));
    }

    /** The largest live buffers, for error messages. */
    public String largestHolders(int count) {
        return holders().entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()))
                .limit(count)
                .map(e -> e.getKey() + " " + MemoryStats.mib(e.getValue()))
                .collect(Collectors.joining(", "));
    }

    private MemorySegment reuse(long rounded) {
        Map.Entry<Long, Deque<MemorySegment>> fit = free.ceilingEntry(rounded);
        if (fit == null || fit.getKey() > Math.max(rounded * LARGEST_FIT, SMALL_STEP)) {
            return null;
        }
        MemorySegment block = fit.getValue().pop();
        if (fit.getValue().isEmpty()) {
            free.remove(fit.getKey());
        }
        cached -= block.byteSize();
        return block;
    }

    private MemorySegment acquire(long rounded, String label) {
        if (active + cached + rounded > limit) {
            trim();
        }
        if (active + rounded > limit) {
            throw outOfMemory(rounded, label, null);
        }
        try {
            allocations++;
            return source.acquire(rounded);
        } catch (OutOfMemoryError first) {
            trim();
            try {
                return source.acquire(rounded);
            } catch (OutOfMemoryError second) {
                throw outOfMemory(rounded, label, second);
            }
        }
    }

    private OutOfMemoryException outOfMemory(long bytes, String label, Throwable cause) {
        return new OutOfMemoryException("out of memory on " + device + ": " + label + " needs "
                + MemoryStats.mib(bytes) + "; " + stats() + ", limit " + MemoryStats.mib(limit)
                + "; largest holders: " + largestHolders(5)
                + ". Use a smaller batch or smaller views", cause);
    }

    private static long round(long bytes) {
        long step = bytes <= SMALL ? SMALL_STEP : LARGE_STEP;
        return Math.max(step, (bytes + step - 1) / step * step);
    }
}
