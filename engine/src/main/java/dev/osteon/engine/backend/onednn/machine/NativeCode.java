package dev.osteon.engine.backend.onednn.machine;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/** Functions of machine code in this process's memory. */
@SuppressWarnings("restricted")   // running native code is what this is for
final class NativeCode {

    private static final Linker LINKER = Linker.nativeLinker();

    /** Of Linux's {@code mman.h}. */
    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int PROT_EXEC = 4;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_ANONYMOUS = 0x20;
    private static final long MAP_FAILED = -1;
    private static final int NO_FILE = -1;

    private NativeCode() {}

    /**
     * The function, for as long as the process runs; none on other systems than Linux on x86-64, and where the system
     * gives no memory for programs, as hardened ones do. It must keep to System V's calling convention.
     */
    static Optional<MethodHandle> function(byte[] code, FunctionDescriptor type) {
        Optional<MethodHandle> map = handle("mmap", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT,
                JAVA_INT, JAVA_INT, JAVA_LONG));
        Optional<MethodHandle> protect = handle("mprotect", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG,
                JAVA_INT));
        boolean known = System.getProperty("os.name").equals("Linux") && System.getProperty("os.arch").equals("amd64");
        if (!known || map.isEmpty() || protect.isEmpty()) {
            return Optional.empty();
        }
        try {
            MemorySegment memory = (MemorySegment) map.get().invokeExact(MemorySegment.NULL, (long) code.length,
                    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, NO_FILE, 0L);
            if (memory.address() == MAP_FAILED) {
                return Optional.empty();
            }
            memory.reinterpret(code.length).copyFrom(MemorySegment.ofArray(code));
            int refused = (int) protect.get().invokeExact(memory, (long) code.length, PROT_READ | PROT_EXEC);
            return refused == 0 ? Optional.of(LINKER.downcallHandle(memory, type)) : Optional.empty();
        } catch (Throwable t) {
            throw new IllegalStateException("mmap", t);
        }
    }

    private static Optional<MethodHandle> handle(String name, FunctionDescriptor descriptor) {
        return LINKER.defaultLookup().find(name).map(address -> LINKER.downcallHandle(address, descriptor));
    }
}
