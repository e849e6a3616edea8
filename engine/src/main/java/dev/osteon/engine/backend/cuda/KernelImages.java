package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.EngineException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Machine code of the kernel files. NVRTC takes seconds for a file, and a first run needs most of them: when one has to
 * be compiled, the others are as well, on cores that are to spare (NVRTC compiles several at once since CUDA 12.3).
 */
final class KernelImages {

    /** All of {@code cuda/*.cu}, the ones that take longest first. */
    static final List<String> FILES = List.of("batchnorm", "pointwise", "shapes", "attention", "reduce", "pool",
            "resample", "views", "rows", "sinkhorn", "losses", "multitensor", "optimizer", "layernorm");

    /** Cores that are left to whoever waits for a file and to what it does then. */
    private static final int LEFT = 2;
    private static final int MOST = 8;
    /** At the end of the process: the compiler must not be interrupted in the middle of a file. */
    private static final long ENDING_SECONDS = 60;

    private final Map<String, FutureTask<byte[]>> tasks = new LinkedHashMap<>();
    private final Predicate<String> kept;
    private final int threads;
    private final AtomicBoolean ahead = new AtomicBoolean();

    /**
     * @param kept    whether a file's code lies on disk
     * @param compile gives a file's code
     * @param cores   of this machine
     */
    KernelImages(Predicate<String> kept, Function<String, byte[]> compile, int cores) {
        FILES.forEach(file -> tasks.put(file, new FutureTask<>(() -> compile.apply(file))));
        this.kept = kept;
        this.threads = Math.min(MOST, cores - LEFT);
    }

    /**
     * The machine code of a file.
     *
     * @throws EngineException with the compiler's messages
     */
    byte[] of(String file) {
        FutureTask<byte[]> task = tasks.get(file);
        if (task == null) {
            throw new EngineException("kernel source cuda/" + file + ".cu is none of " + FILES);
        }
        if (threads > 0 && !task.isDone() && !kept.test(file) && ahead.compareAndSet(false, true)) {
            compileAll();
        }
        task.run();                  // nothing, if another thread has begun it
        try {
            return task.get();
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException failure ? failure
                    : new EngineException(file + ".cu: " + e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new EngineException("interrupted while " + file + ".cu was compiled", e);
        }
    }

    private void compileAll() {
        ExecutorService compilers = Executors.newFixedThreadPool(threads,
                Thread.ofPlatform().daemon().name("kernel compiler ", 0).factory());
        tasks.values().forEach(compilers::execute);
        compilers.shutdown();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            compilers.shutdownNow();
            try {
                compilers.awaitTermination(ENDING_SECONDS, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
    }
}
