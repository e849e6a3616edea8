package dev.osteon.engine.memory;

import dev.osteon.engine.OutOfMemoryException;
import java.util.ArrayList;
import java.util.Comparator;
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
 */
public final class CachingAllocator {

    /** Sizes of blocks are multiples of this, and so are their places. */
    private static final long STEP = 512;
    /** The most bytes of a request that goes to the segments for small ones. */
    private static final long SMALL = 64 << 10;
    /** Sizes of segments are multiples of this, a huge page; those for small blocks are as long. */
    private static final long PAGE = 2 << 20;
    private static final long LEAST_SEGMENT = 32 << 20;
    /**
     * Of what is held already a new segment is this part, so that there are some dozens at most: the fewer, the fewer
     * ends too short for anything. Not more, for the last one may be hardly used.
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
     * @throws OutOfMemoryException when it does not fit even with the cache emptied
     */
    public synchronized Buffer allocate(long bytes, String label) {
        long rounded = blocks == Blocks.EXACT ? Math.max(1, bytes) : roundUp(Math.max(1, bytes), STEP);
        MemoryReserve reserve = reserves.get();
        Block block = reserve == null || blocks == Blocks.EXACT ? null : reserve.free().take(pool(rounded), rounded);
        if (block == null) {
            block = reuse(rounded);
            block = block == null ? acquire(rounded, label) : block;
            active += block.bytes();
        }
        Buffer buffer = new Buffer(giveBack, block.memory(), bytes, label, Optional.ofNullable(reserve));
        if (reserve != null) {
            reserve.count(1);
        }
        live.put(buffer, block);
        peak = Math.max(peak, active);
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
        return mayReuse(rounded) ? free.take(pool(rounded), rounded) : null;
    }

    private boolean mayReuse(long rounded) {
        return blocks == Blocks.REUSED && active + rounded <= limit;
    }

    /** A block of a new segment: of the usual size if there is room, then of the block's, having made room for it. */
    private Block acquire(long rounded, String label) {
        allocations++;
        long usual = blocks == Blocks.EXACT ? rounded : segment(rounded);
        if (held + usual <= limit) {
            try {
                return first(rounded, usual);
            } catch (OutOfMemoryError noRoomForSoMuch) {
                // for the block alone there may be
            }
        }
        trim();
        try {
            return somewhere(rounded);
        } catch (OutOfMemoryError noRoom) {
            if (!reclaimed()) {
                throw outOfMemory(rounded, label, noRoom);
            }
        }
        try {
            return somewhere(rounded);
        } catch (OutOfMemoryError noRoom) {
            throw outOfMemory(rounded, label, noRoom);
        }
    }

    /** A block between others, be it in the wrong pool, or of a segment that is no larger. */
    private Block somewhere(long rounded) {
        Block block = mayReuse(rounded) ? free.takeAnywhere(rounded) : null;
        if (block == null && held + rounded > limit) {
            throw new OutOfMemoryError("more than the limit");
        }
        return block == null ? first(rounded, rounded) : block;
    }

    /** The first block of a new segment. */
    private Block first(long rounded, long segment) {
        Block block = Block.of(source.acquire(segment), pool(rounded));
        held += segment;
        if (segment > rounded) {
            free.put(block.split(rounded));
        }
        return block;
    }

    private static Block.Pool pool(long rounded) {
        return rounded <= SMALL ? Block.Pool.SMALL : Block.Pool.LARGE;
    }

    /** Bytes of a new segment for a block of so many. */
    private long segment(long rounded) {
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
                + "; largest holders: " + largestHolders(5)
                + ". Use a smaller batch or smaller views", cause);
    }

    private static long roundUp(long bytes, long step) {
        return (bytes + step - 1) / step * step;
    }
}
