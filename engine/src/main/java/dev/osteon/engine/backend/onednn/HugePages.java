package dev.osteon.engine.backend.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.osteon.engine.memory.MemorySource;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Blocks from the C library, large ones aligned to 2 MiB and with Linux asked ({@code madvise}) to back them by huge
 * pages: activations are read and written in streams, where a miss of the translation buffer at every 4 KiB page costs
 * up to a third of the time, and a fresh page costs the kernel 512 times fewer faults. Unlike Java's arenas the
 * library does not fill new memory with zeros, which nobody reads.
 */
@SuppressWarnings("restricted")   // calling native code is what this is for
final class HugePages implements MemorySource {

    private static final long PAGE = 2 << 20;
    private static final long LINE = 64;
    private static final int MADV_HUGEPAGE = 14;

    private static final Linker LINKER = Linker.nativeLinker();

    private final MethodHandle allocate;
    private final MethodHandle free;
    private final Optional<MethodHandle> advise;

    private HugePages(MethodHandle allocate, MethodHandle free, Optional<MethodHandle> advise) {
        this.allocate = allocate;
        this.free = free;
        this.advise = advise;
    }

    /** This source where the C library has what it needs (not on Windows), otherwise plain memory. */
    static MemorySource orPlain() {
        Optional<MethodHandle> allocate = handle("aligned_alloc", FunctionDescriptor.of(ADDRESS, JAVA_LONG, JAVA_LONG));
        Optional<MethodHandle> free = handle("free", FunctionDescriptor.ofVoid(ADDRESS));
        boolean linux = System.getProperty("os.name").equals("Linux");   // the advice's number is Linux's
        Optional<MethodHandle> advise = linux
                ? handle("madvise", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT)) : Optional.empty();
        return allocate.isPresent() && free.isPresent()
                ? new HugePages(allocate.get(), free.get(), advise) : MemorySource.host();
    }

    private static Optional<MethodHandle> handle(String name, FunctionDescriptor descriptor) {
        return LINKER.defaultLookup().find(name).map(address -> LINKER.downcallHandle(address, descriptor));
    }

    @Override
    public MemorySegment acquire(long bytes) {
        long alignment = bytes >= PAGE ? PAGE : LINE;
        long padded = (bytes + alignment - 1) / alignment * alignment;   // aligned_alloc takes multiples only
        try {
            MemorySegment block = (MemorySegment) allocate.invokeExact(alignment, padded);
            if (block.equals(MemorySegment.NULL)) {
                throw new OutOfMemoryError("aligned_alloc of " + bytes + " bytes");
            }
            long wholePages = bytes / PAGE * PAGE;   // the rest in small pages, so that none of it is wasted
            if (wholePages > 0 && advise.isPresent()) {
                int refused = (int) advise.get().invokeExact(block, wholePages, MADV_HUGEPAGE);   // then small pages
            }
            return block.reinterpret(bytes);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable t) {
            throw new IllegalStateException("aligned_alloc", t);
        }
    }

    @Override
    public void surrender(MemorySegment block) {
        try {
            free.invokeExact(block);
        } catch (Throwable t) {
            throw new IllegalStateException("free", t);
        }
    }
}
