package dev.osteon.bench.peers.floor;

import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_create;
import static org.bytedeco.dnnl.global.dnnl.dnnl_memory_desc_get_size;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.bytedeco.dnnl.dnnl_memory;
import org.bytedeco.dnnl.dnnl_memory_desc;
import org.bytedeco.javacpp.Pointer;

/** A memory object of oneDNN over bytes that the process keeps to its end. */
final class Memory {

    private static final int ALIGNMENT = 4096;
    private static final int BLOCK = 1 << 14;

    private final dnnl_memory_desc descriptor;
    private final MemorySegment bytes;
    private final dnnl_memory handle;

    /** JavaCPP's pointer to bytes that are not its own. */
    private static final class Address extends Pointer {
        Address(long address) {
            this.address = address;
        }
    }

    private Memory(dnnl_memory_desc descriptor, MemorySegment bytes) {
        this.descriptor = descriptor;
        this.bytes = bytes;
        handle = new dnnl_memory(Dnnl.made(out -> dnnl_memory_create(out, descriptor, Dnnl.ENGINE,
                new Address(bytes.address()))));
    }

    /** Zeros. */
    static Memory of(dnnl_memory_desc descriptor) {
        return new Memory(descriptor, bytes(dnnl_memory_desc_get_size(descriptor)));
    }

    /** Over bytes that are large enough. */
    static Memory over(dnnl_memory_desc descriptor, MemorySegment bytes) {
        return new Memory(descriptor, bytes);
    }

    static MemorySegment bytes(long size) {
        return Arena.global().allocate(Math.max(size, 1), ALIGNMENT);
    }

    /** Filled with normal numbers of a standard deviation, a block of which is repeated. */
    Memory normal(int type, double deviation) {
        SplittableRandom random = new SplittableRandom(1);
        float[] block = new float[BLOCK];
        for (int i = 0; i < BLOCK; i++) {
            block[i] = (float) (deviation * random.nextGaussian());
        }
        return filled(type, block);
    }

    /** Filled with one number. */
    Memory constant(float value) {
        return filled(Dnnl.F32, value);
    }

    private Memory filled(int type, float... block) {
        int width = type == Dnnl.F32 ? Float.BYTES : Short.BYTES;
        for (long i = 0; i < bytes.byteSize() / width; i++) {
            float value = block[(int) (i % block.length)];
            if (type == Dnnl.F32) {
                bytes.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
            } else {
                bytes.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
            }
        }
        return this;
    }

    dnnl_memory_desc descriptor() {
        return descriptor;
    }

    MemorySegment bytes() {
        return bytes;
    }

    dnnl_memory handle() {
        return handle;
    }
}
