package dev.osteon.engine.memory;

/**
 * Memory set apart for work that is recorded and queued again later. What a thread allocates {@link
 * CachingAllocator#within within} it comes from its own free blocks, then from the device's, and goes back to it and
 * nowhere else: as long as it is open nobody else gets what a recording writes to.
 */
public final class MemoryReserve implements AutoCloseable {

    private final CachingAllocator allocator;
    private final Runnable giveUp;
    private final Thread owner = Thread.currentThread();
    private final FreeBlocks free = new FreeBlocks();
    private int live;
    private boolean open = true;

    MemoryReserve(CachingAllocator allocator, Runnable giveUp) {
        this.allocator = allocator;
        this.giveUp = giveUp;
    }

    boolean isOfThisThread() {
        return owner == Thread.currentThread();
    }

    void giveUp() {
        giveUp.run();
    }

    FreeBlocks free() {
        return free;
    }

    boolean isOpen() {
        return open;
    }

    void count(int buffers) {
        live += buffers;
    }

    void end() {
        open = false;
    }

    /** Buffers that were allocated within it and not given back so far. */
    public int live() {
        synchronized (allocator) {
            return live;
        }
    }

    /** Bytes that wait in it for another use. */
    public long waiting() {
        synchronized (allocator) {
            return free.bytes();
        }
    }

    /** Its blocks may serve everybody again; what is still in use of it, as soon as it is given back. */
    @Override
    public void close() {
        allocator.dissolve(this);
    }
}
