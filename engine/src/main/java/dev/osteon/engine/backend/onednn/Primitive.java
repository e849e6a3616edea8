package dev.osteon.engine.backend.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A primitive made once for its shapes, with its memory objects and argument array: running it sets data pointers and
 * calls, nothing is allocated. Lives as long as the process, as oneDNN's own cache does.
 */
final class Primitive {

    private static final long ENTRY = 16;   // sizeof(dnnl_exec_arg_t): int, padding, pointer

    private static MemorySegment scratchpad = MemorySegment.NULL;

    private final MemorySegment primitive;
    private final MemorySegment[] memories;
    private final MemorySegment arguments;
    private final MemorySegment scratchpadMemory;
    private final long scratchpadBytes;
    private final Start start;

    /** What lies in the scratchpad when the primitive begins. */
    private enum Start { ANYTHING, ZEROS }

    /**
     * @param descriptor the primitive's descriptor
     * @param ids        its execution arguments, in the order in which {@link #run} is given data
     */
    Primitive(MemorySegment descriptor, int... ids) {
        this(Start.ANYTHING, descriptor, ids);
    }

    /** One that finds zeros in its scratchpad at each run, for those that add to what they have not written. */
    static Primitive fromZeros(MemorySegment descriptor, int... ids) {
        return new Primitive(Start.ZEROS, descriptor, ids);
    }

    private Primitive(Start start, MemorySegment descriptor, int... ids) {
        this.start = start;
        primitive = Dnnl.primitive(descriptor);
        memories = new MemorySegment[ids.length];
        arguments = Arena.global().allocate(ENTRY * (ids.length + 1), 8);
        for (int i = 0; i < ids.length; i++) {
            memories[i] = argument(descriptor, i, ids[i]);
        }
        MemorySegment wanted = Dnnl.wanted(descriptor, Dnnl.SCRATCHPAD);
        scratchpadBytes = wanted.equals(MemorySegment.NULL) ? 0 : Dnnl.size(wanted);
        scratchpadMemory = scratchpadBytes == 0 ? MemorySegment.NULL : argument(descriptor, ids.length,
                Dnnl.SCRATCHPAD);
    }

    private MemorySegment argument(MemorySegment descriptor, int slot, int id) {
        MemorySegment memory = Dnnl.memory(Dnnl.wanted(descriptor, id));
        arguments.set(JAVA_INT, slot * ENTRY, id);
        arguments.set(ADDRESS, slot * ENTRY + 8, memory);
        return memory;
    }

    /** Runs it over {@code data}, in the order of the constructor's ids; returns when it is done. */
    void run(MemorySegment... data) {
        synchronized (Dnnl.LOCK) {
            Dnnl.OPEN_MP.apply();
            for (int i = 0; i < data.length; i++) {
                Dnnl.point(memories[i], data[i]);
            }
            if (scratchpadBytes > 0) {
                MemorySegment shared = scratchpad(scratchpadBytes);
                if (start == Start.ZEROS) {
                    shared.asSlice(0, scratchpadBytes).fill((byte) 0);
                }
                Dnnl.point(scratchpadMemory, shared);
            }
            Dnnl.execute(primitive, scratchpadBytes > 0 ? memories.length + 1 : memories.length, arguments);
        }
    }

    private static MemorySegment scratchpad(long bytes) {
        if (scratchpad.byteSize() < bytes) {
            scratchpad = Arena.ofAuto().allocate(bytes, 64);
        }
        return scratchpad;
    }
}
