package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.checkDnn;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.IntStream;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnBackendDescriptor;

/**
 * A descriptor of cuDNN's graph API ("backend" in its reference): attributes are set, then it is finalised, and from
 * then on it is read. Attributes pass through memory off the heap, for JCuda's binding takes raw addresses only.
 */
final class DnnDescriptor extends cudnnBackendDescriptor implements AutoCloseable {

    private static final int HANDLE = 0;
    private static final int INT64 = 3;
    private static final int FLOAT = 4;
    private static final int VOID_PTR = 6;
    private static final int DESCRIPTOR = 15;

    private final String what;

    /** @param type one of {@code cudnnBackendDescriptorType} */
    DnnDescriptor(int type, String what) {
        this.what = what;
        checkDnn(JCudnn.cudnnBackendCreateDescriptor(type, this), "cudnnBackendCreateDescriptor of " + what);
    }

    private DnnDescriptor set(int name, int type, long count, MemorySegment values) {
        checkDnn(JCudnn.cudnnBackendSetAttribute(this, name, type, count, Addresses.of(values.address())),
                "cudnnBackendSetAttribute " + name + " of " + what);
        return this;
    }

    /** Numbers of 64 bits. */
    DnnDescriptor longs(int name, long... values) {
        return words(name, INT64, values);
    }

    /** Addresses of memory. */
    DnnDescriptor pointers(int name, long... addresses) {
        return words(name, VOID_PTR, addresses);
    }

    /** Other descriptors. */
    DnnDescriptor descriptors(int name, DnnDescriptor... others) {
        return words(name, DESCRIPTOR, addresses(List.of(others)));
    }

    /** cuDNN's handle. */
    DnnDescriptor handle(int name, long address) {
        return words(name, HANDLE, address);
    }

    private DnnDescriptor words(int name, int type, long... values) {
        try (Arena arena = Arena.ofConfined()) {
            return set(name, type, values.length, arena.allocateFrom(JAVA_LONG, values));
        }
    }

    /** A constant of one of cuDNN's enumerations, whose type is {@code type}. */
    DnnDescriptor constant(int name, int type, int value) {
        try (Arena arena = Arena.ofConfined()) {
            return set(name, type, 1, arena.allocateFrom(JAVA_INT, value));
        }
    }

    DnnDescriptor real(int name, float value) {
        try (Arena arena = Arena.ofConfined()) {
            return set(name, FLOAT, 1, arena.allocateFrom(JAVA_FLOAT, value));
        }
    }

    DnnDescriptor finish() {
        checkDnn(JCudnn.cudnnBackendFinalize(this), "cudnnBackendFinalize of " + what);
        return this;
    }

    /** A number of 64 bits. */
    long number(int name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_LONG);
            get(name, INT64, 1, value);
            return value.get(JAVA_LONG, 0);
        }
    }

    /** Constants of one of cuDNN's enumerations: {@code most} at most. */
    List<Integer> constants(int name, int type, int most) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment values = arena.allocate(JAVA_INT, most);
            int count = get(name, type, most, values);
            return IntStream.range(0, count).mapToObj(i -> values.getAtIndex(JAVA_INT, i)).toList();
        }
    }

    /** Has cuDNN fill descriptors that were made for it, and gives how many it filled. */
    int fill(int name, List<DnnDescriptor> empty) {
        try (Arena arena = Arena.ofConfined()) {
            return get(name, DESCRIPTOR, empty.size(), arena.allocateFrom(JAVA_LONG, addresses(empty)));
        }
    }

    private int get(int name, int type, int most, MemorySegment values) {
        long[] count = new long[1];
        checkDnn(JCudnn.cudnnBackendGetAttribute(this, name, type, most, count, Addresses.of(values.address())),
                "cudnnBackendGetAttribute " + name + " of " + what);
        return (int) Math.min(most, count[0]);
    }

    private static long[] addresses(List<DnnDescriptor> descriptors) {
        return descriptors.stream().mapToLong(DnnDescriptor::getNativePointer).toArray();
    }

    @Override
    public void close() {
        JCudnn.cudnnBackendDestroyDescriptor(this);
    }
}
