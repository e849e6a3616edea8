package dev.osteon.engine.memory;

import java.lang.foreign.MemorySegment;
import java.util.Comparator;

/** A part of a segment, which is what the device gave in one piece; not safe for threads. */
final class Block {

    /** The smallest first, of those the one at the lowest address. */
    static final Comparator<Block> BY_SIZE = Comparator.<Block>comparingLong(block -> block.bytes)
            .thenComparingLong(Block::address);

    private final Segment segment;
    private final long offset;
    private long bytes;
    private Block before;
    private Block after;
    private FreeBlocks home;

    /**
     * @param memory from the source, as it must go back to it
     * @param pool   which sizes are cut from it
     */
    private record Segment(MemorySegment memory, Pool pool) {}

    /** Small tensors live apart from large ones, which they would leave gaps between. */
    enum Pool {
        SMALL, LARGE
    }

    private Block(Segment segment, long offset, long bytes) {
        this.segment = segment;
        this.offset = offset;
        this.bytes = bytes;
    }

    /** All of a new segment. */
    static Block of(MemorySegment memory, Pool pool) {
        return new Block(new Segment(memory, pool), 0, memory.byteSize());
    }

    /** What a request for {@code bytes} is compared as: less than every block of as many. */
    static Block request(long bytes) {
        return new Block(new Segment(MemorySegment.NULL, Pool.LARGE), 0, bytes);
    }

    Pool pool() {
        return segment.pool;
    }

    long bytes() {
        return bytes;
    }

    MemorySegment memory() {
        return segment.memory.asSlice(offset, bytes);
    }

    /** What the source gave. */
    MemorySegment wholeMemory() {
        return segment.memory;
    }

    boolean isWhole() {
        return bytes == segment.memory.byteSize();
    }

    private long address() {
        return segment.memory.address() + offset;
    }

    /** Keeps the first {@code first} bytes; returns the rest, which must be some. */
    Block split(long first) {
        Block rest = new Block(segment, offset + first, bytes - first);
        rest.before = this;
        rest.after = after;
        if (after != null) {
            after.before = rest;
        }
        after = rest;
        bytes = first;
        return rest;
    }

    /** Whether the block in front of it waits in {@code list}. */
    boolean followsOneOf(FreeBlocks list) {
        return before != null && before.home == list;
    }

    /** Whether the block behind it waits in {@code list}. */
    boolean precedesOneOf(FreeBlocks list) {
        return after != null && after.home == list;
    }

    Block before() {
        return before;
    }

    Block after() {
        return after;
    }

    /** Takes in the block behind it, which is none any more. */
    void absorbNext() {
        bytes += after.bytes;
        after = after.after;
        if (after != null) {
            after.before = this;
        }
    }

    /** It waits there from now on. */
    void waitIn(FreeBlocks list) {
        home = list;
    }

    /** It is in use. */
    void leave() {
        home = null;
    }
}
