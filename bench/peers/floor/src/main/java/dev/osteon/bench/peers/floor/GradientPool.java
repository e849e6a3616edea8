package dev.osteon.bench.peers.floor;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.bytedeco.dnnl.dnnl_memory_desc;

/** Memory of gradients, used again as soon as the last reader of one is done; planned when the chain is built. */
final class GradientPool {

    /** How much larger than needed a block may be. */
    private static final int WASTE = 2;

    private final TreeMap<Long, Deque<MemorySegment>> free = new TreeMap<>();
    private final Map<Long, Integer> readers = new HashMap<>();

    Memory take(dnnl_memory_desc descriptor) {
        long size = dnnl_memory_desc_get_size(descriptor);
        for (Map.Entry<Long, Deque<MemorySegment>> blocks : free.tailMap(size).entrySet()) {
            if (blocks.getKey() <= WASTE * size && !blocks.getValue().isEmpty()) {
                return Memory.over(descriptor, blocks.getValue().pop());
            }
        }
        return Memory.over(descriptor, Memory.bytes(size));
    }

    /** Two will read it, and each gives it back. */
    void share(Memory gradient) {
        readers.put(gradient.bytes().address(), 2);
    }

    /** One reader is done. */
    void giveBack(Memory gradient) {
        MemorySegment bytes = gradient.bytes();
        if (readers.merge(bytes.address(), -1, Integer::sum) <= 0) {
            readers.remove(bytes.address());
            free.computeIfAbsent(bytes.byteSize(), size -> new ArrayDeque<>()).push(bytes);
        }
    }
}
