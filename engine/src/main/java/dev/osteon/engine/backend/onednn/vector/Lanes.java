package dev.osteon.engine.backend.onednn.vector;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Optional;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/** The width of the machine's vectors, and memory as the vector kernels see it. */
@SuppressWarnings("restricted")
final class Lanes {

    static final VectorSpecies<Float> F32 = FloatVector.SPECIES_PREFERRED;
    static final int COUNT = F32.length();
    /** As many bytes as there are floats in a vector; none where that is less than the smallest vector. */
    static final Optional<VectorSpecies<Byte>> BYTES = COUNT < 8 ? Optional.empty()
            : Optional.of(VectorSpecies.of(byte.class, VectorShape.forBitSize(COUNT * Byte.SIZE)));
    static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private Lanes() {}

    /** The same memory without a lifetime to check at every access: the caller holds the tensor open. */
    static MemorySegment global(MemorySegment segment) {
        return MemorySegment.ofAddress(segment.address()).reinterpret(segment.byteSize());
    }

    static FloatVector load(MemorySegment memory, long element) {
        return FloatVector.fromMemorySegment(F32, memory, element * Float.BYTES, ORDER);
    }

    static void store(FloatVector vector, MemorySegment memory, long element) {
        vector.intoMemorySegment(memory, element * Float.BYTES, ORDER);
    }

    /** Its largest element, NaN if there is one. */
    static float max(FloatVector vector) {
        float[] a = vector.toArray();
        float even = a[0];
        float odd = a[1];
        for (int i = 2; i < a.length; i += 2) {
            even = Math.max(even, a[i]);
            odd = Math.max(odd, a[i + 1]);
        }
        return Math.max(even, odd);
    }

    /**
     * Its elements' sum, those with even and those with odd numbers apart, in order. {@code reduceLanes} leaves the
     * order open: interpreted and compiled code differ in it, and a run would not repeat to the last bit.
     */
    static double sum(FloatVector vector) {
        float[] a = vector.toArray();
        double even = 0;
        double odd = 0;
        for (int i = 0; i < a.length; i += 2) {
            even += a[i];
            odd += a[i + 1];
        }
        return even + odd;
    }
}
