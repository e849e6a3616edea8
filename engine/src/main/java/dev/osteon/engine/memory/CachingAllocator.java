package dev.osteon.engine.memory;

import dev.osteon.engine.OutOfMemoryException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
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
    private final FreeBlocks free = new FreeBlocks();
    private final Consumer<Buffer> giveBack = this::giveBack;
    private final ThreadLocal<MemoryReserve> reserves = new ThreadLocal<>();
    private final List<MemoryReserve> setApart = new ArrayList<>();
    private final Map<Buffer, Long> live = new IdentityHashMap<>();
    private long active;
    private long peak;
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
        MemoryReserve reserve = reserves.get();
        MemorySegment block = reserve == null ? null : reuse(reserve.free(), rounded);
        if (block == null) {
            block = reuse(free, rounded);
            block = block == null ? acquire(rounded, label) : block;
            active += block.byteSize();
        }
        Buffer buffer = new Buffer(giveBack, block, bytes, label, Optional.ofNullable(reserve));
        if (reserve != null) {
            reserve.count(1);
        }
        live.put(buffer, block.byteSize());
        peak = Math.max(peak, active);
        return buffer;
    }

    private synchronized void giveBack(Buffer buffer) {
        live.remove(buffer);
        buffer.reserve().ifPresent(reserve -> reserve.count(-1));
        if (buffer.reserve().filter(MemoryReserve::isOpen).isPresent()) {
            buffer.reserve().get().free().put(buffer.block());   // counts as active: nobody else gets it
        } else {
            retire(buffer.block());
        }
    }

    private void retire(MemorySegment block) {
        active -= block.byteSize();
        if (blocks == Blocks.EXACT) {
            source.surrender(block);
        } else {
            free.put(block);
        }
    }

    /**
     * Memory to be set apart; close it when nothing that was recorded is queued again.
     *
     * @param giveUp closes it; called when the calling thread, outside of it, asks for memory that is not there
     *               otherwise
     */
    public synchronized MemoryReserve reserve(Runnable giveUp) {
        MemoryReserve reserve = new MemoryReserve(this, giveUp);
        setApart.add(reserve);
        return reserve;
    }

    /** Runs {@code work}; what this thread allocates meanwhile belongs to the reserve. */
    public void within(MemoryReserve reserve, Runnable work) {
        within(Optional.of(reserve), work);
    }

    /** Runs {@code work}; what this thread allocates meanwhile belongs to no reserve. */
    public void outside(Runnable work) {
        within(Optional.empty(), work);
    }

    private void within(Optional<MemoryReserve> reserve, Runnable work) {
        MemoryReserve before = reserves.get();
        reserves.set(reserve.orElse(null));
        try {
            work.run();
        } finally {
            reserves.set(before);
        }
    }

    synchronized void dissolve(MemoryReserve reserve) {
        setApart.remove(reserve);
        reserve.end();
        reserve.free().drain(this::retire);
    }

    /** Gives every cached block back to the device. */
    public synchronized void trim() {
        free.drain(source::surrender);
    }

    public synchronized MemoryStats stats() {
        return new MemoryStats(active, peak, free.bytes(), live.size(), allocations);
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

    private MemorySegment reuse(FreeBlocks from, long rounded) {
        return blocks == Blocks.EXACT ? null
                : from.take(rounded, Math.max((long) (rounded * LARGEST_FIT), SMALL_STEP));
    }

    private MemorySegment acquire(long rounded, String label) {
        if (active + free.bytes() + rounded > limit) {
            trim();
        }
        if (active + rounded > limit && !reclaimed(rounded)) {
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
                return afterReclaiming(rounded, label, second);
            }
        }
    }

    private MemorySegment afterReclaiming(long rounded, String label, OutOfMemoryError cause) {
        if (!reclaimed(rounded)) {
            throw outOfMemory(rounded, label, cause);
        }
        try {
            return source.acquire(rounded);
        } catch (OutOfMemoryError last) {
            throw outOfMemory(rounded, label, last);
        }
    }

    /** Has this thread's idle reserves given up, and their blocks given back; says whether that may have made room. */
    private boolean reclaimed(long rounded) {
        List<MemoryReserve> idle = setApart.stream()
                .filter(reserve -> reserve.isOfThisThread() && reserve != reserves.get()).toList();
        idle.forEach(MemoryReserve::giveUp);
        trim();
        return !idle.isEmpty() && active + rounded <= limit;
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
