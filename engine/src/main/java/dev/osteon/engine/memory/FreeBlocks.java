package dev.osteon.engine.memory;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Blocks of memory that wait for another use, neighbours in one; not safe for threads. */
final class FreeBlocks {

    private final Map<Block.Pool, TreeSet<Block>> blocks = new EnumMap<>(Map.of(
            Block.Pool.SMALL, new TreeSet<>(Block.BY_SIZE), Block.Pool.LARGE, new TreeSet<>(Block.BY_SIZE)));
    private long bytes;

    /** A block of so many bytes, from the smallest that has them; null when there is none. */
    Block take(Block.Pool pool, long wanted) {
        Block fit = blocks.get(pool).ceiling(Block.request(wanted));
        return fit == null ? null : cut(fit, wanted);
    }

    /** The same from any pool. */
    Block takeAnywhere(long wanted) {
        Block small = take(Block.Pool.SMALL, wanted);
        return small == null ? take(Block.Pool.LARGE, wanted) : small;
    }

    private Block cut(Block fit, long wanted) {
        remove(fit);
        if (fit.bytes() > wanted) {
            add(fit.split(wanted));
        }
        return fit;
    }

    /** Puts it in, made one with its neighbours as far as they wait here, too. */
    void put(Block block) {
        Block merged = block;
        if (block.followsOneOf(this)) {
            merged = block.before();
            remove(merged);
            merged.absorbNext();
        }
        if (merged.precedesOneOf(this)) {
            remove(merged.after());
            merged.absorbNext();
        }
        add(merged);
    }

    private void add(Block block) {
        block.waitIn(this);
        blocks.get(block.pool()).add(block);
        bytes += block.bytes();
    }

    private void remove(Block block) {
        block.leave();
        blocks.get(block.pool()).remove(block);
        bytes -= block.bytes();
    }

    /** Hands out all of them. */
    void drain(Consumer<Block> to) {
        all().forEach(block -> {
            remove(block);
            to.accept(block);
        });
    }

    /** Hands out those that are a whole segment. */
    void drainWhole(Consumer<Block> to) {
        all().stream().filter(Block::isWhole).forEach(block -> {
            remove(block);
            to.accept(block);
        });
    }

    private List<Block> all() {
        List<Block> all = new ArrayList<>();
        blocks.values().forEach(all::addAll);
        return all;
    }

    /** Bytes of the largest; 0 when there is none. */
    long largest() {
        return blocks.values().stream().filter(pool -> !pool.isEmpty()).mapToLong(pool -> pool.last().bytes()).max()
                .orElse(0);
    }

    /** Of all of them together. */
    long bytes() {
        return bytes;
    }
}
