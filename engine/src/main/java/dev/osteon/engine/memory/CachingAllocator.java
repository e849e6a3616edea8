package dev.osteon.engine.memory;

import dev.osteon.engine.OutOfMemoryException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Keeps freed memory for reuse, after PyTorch's caching allocator: the device gives segments, of which tensors take
 * blocks, the smallest free one that is large enough, cut to size; a block that is given back is made one with its free
 * neighbours. Before an out-of-memory error all free segments go back to the device and the request is tried again.
 * Free blocks beside ones in use cannot, so that a request may fail although they have room enough together.
 */
public final class CachingAllocator {

    /** Sizes of blocks are multiples of this, and so are their places in a segment, but for {@link Blocks#EXACT}. */
    private static final long STEP = 512;
    /** The most bytes of a request that goes to the segments for small ones. */
    private static final long SMALL = 64 << 10;
    /** Sizes of segments are multiples of this, a huge page; those for small blocks are as long. */
    private static final long PAGE = 2 << 20;
    private static final long LEAST_SEGMENT = 32 << 20;
    /**
     * Of what is held already a new large segment is this part: the fewer there are, the fewer ends too short for
     * anything. Not more, for the last one may be hardly used.
     */
    private static final long SHARE = 16;

    /** What becomes of the sizes asked for, and of blocks given back. */
    public enum Blocks {
        /** They are parts of segments, and are kept for reuse. */
        REUSED,
        /**
         * Each buffer is a segment of its own, as long as was asked for, and goes back to the device at once: slow, and
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
    private final Map<Buffer, Block> live = new IdentityHashMap<>();
    private long active;
    private long held;
    private long peak;
    private long allocations;

    /**
     * @param device name for messages
     * @param source where segments come from
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
     * @throws OutOfMemoryException when neither a free block nor what the device gives is large enough, even with all
     *                              free segments given back
     */
    public synchronized Buffer allocate(long bytes, String label) {
        long rounded = blocks == Blocks.EXACT ? Math.max(1, bytes) : roundUp(Math.max(1, bytes), STEP);
        MemoryReserve reserve = reserves.get();
        Block block = reserve == null || blocks == Blocks.EXACT ? null : reserve.free().take(pool(rounded), rounded);
        block = block == null ? reuse(rounded) : block;
        block = block == null ? acquire(rounded, label) : block;
        Buffer buffer = new Buffer(giveBack, block.memory(), bytes, label, Optional.ofNullable(reserve));
        if (reserve != null) {
            reserve.count(1);
        }
        live.put(buffer, block);
        return buffer;
    }

    private synchronized void giveBack(Buffer buffer) {
        Block block = live.remove(buffer);
        buffer.reserve().ifPresent(reserve -> reserve.count(-1));
        if (buffer.reserve().filter(MemoryReserve::isOpen).isPresent()) {
            buffer.reserve().get().free().put(block);   // counts as active: nobody else gets it
        } else {
            retire(block);
        }
    }

    private void retire(Block block) {
        active -= block.bytes();
        free.put(block);
        if (blocks == Blocks.EXACT) {
            trim();
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

    /** Gives every segment of which nothing is in use back to the device. */
    public synchronized void trim() {
        free.drainWhole(block -> {
            held -= block.bytes();
            source.surrender(block.wholeMemory());
        });
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
                .collect(Collectors.groupingBy(e -> e.getKey().label(),
                        Collectors.summingLong(e -> e.getValue().bytes())));
    }

    /** The largest live buffers, for error messages. */
    public String largestHolders(int count) {
        return holders().entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder()))
                .limit(count)
                .map(e -> e.getKey() + " " + MemoryStats.mib(e.getValue()))
                .collect(Collectors.joining(", "));
    }

    private Block reuse(long rounded) {
        return mayReuse(rounded) ? nowActive(free.take(pool(rounded), rounded)) : null;
    }

    private boolean mayReuse(long rounded) {
        return blocks == Blocks.REUSED && active + rounded <= limit;
    }

    /** Counts it, if it is one; what waits in a reserve is counted already. */
    private Block nowActive(Block block) {
        if (block != null) {
            active += block.bytes();
            peak = Math.max(peak, active);
        }
        return block;
    }

    /** A block that no list has at hand; more and more is given up for it. */
    private Block acquire(long rounded, String label) {
        Deque<OutOfMemoryError> refusals = new ArrayDeque<>();
        Block block = find(rounded, refusals);
        if (block == null) {
            trim();
            block = find(rounded, refusals);
        }
        if (block == null && reclaimed()) {
            block = reuse(rounded);
            block = block == null ? find(rounded, refusals) : block;
        }
        if (block == null) {
            throw outOfMemory(rounded, label, refusals.peekLast());
        }
        return block;
    }

    /** Of a new segment as long as usual, of one for this block alone, or between blocks of the other pool. */
    private Block find(long rounded, Deque<OutOfMemoryError> refusals) {
        Block block = cutFromNew(segmentSize(rounded), rounded, refusals);
        block = block == null ? cutFromNew(rounded, rounded, refusals) : block;
        return block == null ? misplaced(rounded) : block;
    }

    private Block misplaced(long rounded) {
        MemoryReserve reserve = reserves.get();
        Block block = reserve == null || blocks == Blocks.EXACT ? null : reserve.free().takeAnywhere(rounded);
        return block == null && mayReuse(rounded) ? nowActive(free.takeAnywhere(rounded)) : block;
    }

    /** The first block of a new segment; null when the limit or the device, whose words are kept, refuses that. */
    private Block cutFromNew(long segment, long rounded, Deque<OutOfMemoryError> refusals) {
        if (held + segment > limit) {
            return null;
        }
        MemorySegment memory;
        try {
            memory = source.acquire(segment);
        } catch (OutOfMemoryError refused) {
            refusals.add(refused);
            return null;
        }
        held += segment;
        allocations++;
        Block block = Block.of(memory, pool(rounded));
        if (segment > rounded) {
            free.put(block.split(rounded));
        }
        return nowActive(block);
    }

    private static Block.Pool pool(long rounded) {
        return rounded <= SMALL ? Block.Pool.SMALL : Block.Pool.LARGE;
    }

    /** The usual bytes of a new segment for a block of so many. */
    private long segmentSize(long rounded) {
        if (blocks == Blocks.EXACT) {
            return rounded;
        }
        return pool(rounded) == Block.Pool.SMALL ? PAGE
                : roundUp(Math.max(rounded, Math.max(LEAST_SEGMENT, held / SHARE)), PAGE);
    }

    /** Has this thread's idle reserves give up, and free segments given back; says whether there were any. */
    private boolean reclaimed() {
        List<MemoryReserve> idle = setApart.stream()
                .filter(reserve -> reserve.isOfThisThread() && reserve != reserves.get()).toList();
        idle.forEach(MemoryReserve::giveUp);
        trim();
        return !idle.isEmpty();
    }

    private OutOfMemoryException outOfMemory(long bytes, String label, Throwable cause) {
        return new OutOfMemoryException("out of memory on " + device + ": " + label + " needs "
                + MemoryStats.mib(bytes) + "; " + stats() + ", limit " + MemoryStats.mib(limit)
                + ", largest free block " + MemoryStats.mib(free.largest())
                + "; largest holders: " + largestHolders(5)
                + ". Use a smaller batch or smaller views", cause);
    }

    private static long roundUp(long bytes, long step) {
        return (bytes + step - 1) / step * step;
    }
}
