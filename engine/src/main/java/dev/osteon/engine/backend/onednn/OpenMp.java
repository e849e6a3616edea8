package dev.osteon.engine.backend.onednn;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.osteon.engine.backend.onednn.vector.Parallel;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.Optional;

/**
 * The OpenMP runtime that oneDNN computes with. Our own kernels run on its threads too ({@code GOMP_parallel}, the call
 * that a compiler makes of {@code #pragma omp parallel}): two pools that each spin between their loops would take the
 * cores from each other.
 */
@SuppressWarnings("restricted")   // calling native code is what this is for
final class OpenMp implements Parallel.Team {

    private static final Linker LINKER = Linker.nativeLinker();

    /**
     * Spins of a waiting thread before it sleeps, some 0.1 ms: longer than the gap between two kernels. GNU's default
     * is 30 times that, and with one other busy process on the machine made a step 4 to 10 times slower: the threads
     * that spin take the cores from the one they wait for.
     */
    private static final String SPINS = "10000";

    private static volatile Runnable current = () -> { };

    private final MethodHandle setThreads;
    private final Optional<MethodHandle> parallel;
    private final MemorySegment entry;
    private final ThreadLocal<Integer> applied = ThreadLocal.withInitial(() -> 0);

    private OpenMp(MethodHandle setThreads, Optional<MethodHandle> parallel, MemorySegment entry) {
        this.setThreads = setThreads;
        this.parallel = parallel;
        this.entry = entry;
    }

    /** To be called before the runtime is loaded, which reads the variable then; what the user has set stays. */
    static void spinBriefly() {
        LINKER.defaultLookup().find("setenv").ifPresent(address -> {
            MethodHandle set = LINKER.downcallHandle(address,
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
            try (Arena arena = Arena.ofConfined()) {
                int keep = 0;
                int refused = (int) set.invokeExact(arena.allocateFrom("GOMP_SPINCOUNT"), arena.allocateFrom(SPINS),
                        keep);
            } catch (Throwable t) {
                throw new IllegalStateException("setenv", t);
            }
        });
    }

    /** Finds the runtime's functions, and puts our own loops on its threads where it can be asked to. */
    static OpenMp join(SymbolLookup lookup) {
        MethodHandle setThreads = LINKER.downcallHandle(lookup.findOrThrow("omp_set_num_threads"),
                FunctionDescriptor.ofVoid(JAVA_INT));
        Optional<MethodHandle> parallel = lookup.find("GOMP_parallel").map(address -> LINKER.downcallHandle(address,
                FunctionDescriptor.ofVoid(ADDRESS, ADDRESS, JAVA_INT, JAVA_INT)));
        OpenMp openMp = new OpenMp(setThreads, parallel, entry());
        if (parallel.isPresent()) {
            Parallel.use(openMp);
        }
        return openMp;
    }

    private static MemorySegment entry() {
        try {
            MethodHandle work = MethodHandles.lookup().findStatic(OpenMp.class, "work",
                    MethodType.methodType(void.class, MemorySegment.class));
            return LINKER.upcallStub(work, FunctionDescriptor.ofVoid(ADDRESS), Arena.global());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("OpenMp.work", e);
        }
    }

    /** Called by the runtime on each of its threads. */
    private static void work(MemorySegment nothing) {
        current.run();
    }

    /** Sets the thread count, which OpenMP keeps for each calling thread. */
    void apply() {
        int wanted = Parallel.threads();
        if (applied.get() != wanted) {
            try {
                setThreads.invokeExact(wanted);
            } catch (Throwable t) {
                throw new IllegalStateException("omp_set_num_threads", t);
            }
            applied.set(wanted);
        }
    }

    @Override
    public void run(int width, Runnable work) {
        synchronized (Dnnl.LOCK) {
            current = work;
            try {
                parallel.orElseThrow().invokeExact(entry, MemorySegment.NULL, width, 0);
            } catch (Throwable t) {
                throw new IllegalStateException("GOMP_parallel", t);
            }
        }
    }
}
