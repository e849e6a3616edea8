package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A tensor's memory as rows of float32, some rows at a time: float32 where it lies, bfloat16 widened into memory of the
 * thread that stays in the first-level cache. Kernels written for float32 so serve both, and bfloat16 costs the traffic
 * of 2 bytes an element.
 *
 * @param data  float32 or bfloat16
 * @param width elements of a row
 */
record FloatRows(MemorySegment data, DType type, int width) {

    /** What may be in work at once: this many blocks fit into a first-level cache of 32 KiB. */
    static final int SLOTS = 4;
    private static final int BLOCK = 2048;      // elements

    private static final ThreadLocal<Scratch[]> SCRATCH = ThreadLocal.withInitial(() -> new Scratch[SLOTS]);

    /** A thread's own memory; {@code owner} keeps it. */
    private record Scratch(MemorySegment owner, MemorySegment block) {

        static Scratch of(long bytes) {
            MemorySegment owner = Arena.ofAuto().allocate(bytes, 64);
            return new Scratch(owner, Lanes.global(owner));
        }
    }

    static FloatRows of(Tensor tensor, int width) {
        return new FloatRows(Lanes.global(tensor.segment()), tensor.dtype(), width);
    }

    private boolean isFloat32() {
        return type == DType.F32;
    }

    /** How many of {@code most} rows to take at a time. */
    int rowsAtOnce(int most) {
        return isFloat32() ? most : Math.clamp(BLOCK / width, 1, most);
    }

    /** Rows to read, the first one at element 0. */
    MemorySegment read(long first, int count, int slot) {
        MemorySegment block = target(first, count, slot);
        if (!isFloat32()) {
            Bfloat16.widen(data, first * width, block, 0, (long) count * width);
        }
        return block;
    }

    /** Where rows are to be written, the first one at element 0; {@link #written} must follow. */
    MemorySegment target(long first, int count, int slot) {
        long bytes = (long) width * Float.BYTES;
        return isFloat32() ? data.asSlice(first * bytes, count * bytes) : scratch(slot, count * bytes);
    }

    /** The rows of {@link #target} are complete. */
    void written(MemorySegment block, long first, int count) {
        if (!isFloat32()) {
            Bfloat16.narrow(block, 0, data, first * width, (long) count * width);
        }
    }

    /** One element. */
    float at(long element) {
        return isFloat32() ? data.get(JAVA_FLOAT_UNALIGNED, element * Float.BYTES)
                : Bfloat16.get(data, element);
    }

    /** Writes one element. */
    void put(long element, float value) {
        if (isFloat32()) {
            data.set(JAVA_FLOAT_UNALIGNED, element * Float.BYTES, value);
        } else {
            Bfloat16.put(data, element, value);
        }
    }

    private static MemorySegment scratch(int slot, long bytes) {
        Scratch[] own = SCRATCH.get();
        if (own[slot] == null || own[slot].block.byteSize() < bytes) {
            own[slot] = Scratch.of(Math.max(bytes, BLOCK * Float.BYTES));
        }
        return own[slot].block;
    }
}
