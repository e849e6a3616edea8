package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.checkDnn;

import dev.osteon.engine.backend.cuda.ConvolutionShape.Direction;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import jcuda.driver.CUstream;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnHandle;
import jcuda.runtime.cudaStream_t;

/**
 * The three directions of a convolution, each by an engine of cuDNN's, or as a product by cuBLAS, that was measured
 * once for its shapes and is kept on disk. Only deterministic engines are chosen.
 */
final class Dnn {

    private static final Logger LOG = System.getLogger("osteon.cuda");
    /** Most of the device's memory that an engine may use for itself, in MiB. */
    private static final long WORKSPACE = Long.getLong("osteon.cuda.workspace", 1024);
    /** How many of the engines that cuDNN recommends are tried, and how often each is run. */
    private static final int TRIED = 4;
    private static final int RUNS = 4;
    /** In an engine's place: the convolution as a product of matrices, {@link ProductPlan}, which is always tried. */
    private static final long PRODUCT = -1;
    /** Bytes at whose multiples workspaces begin. */
    private static final long ALIGNMENT = 256;

    private final CudaRuntime cuda;
    private final Handle handle = new Handle();
    private final Map<ConvolutionShape, ConvolutionPlan> plans = new ConcurrentHashMap<>();
    private final Set<ConvolutionShape> refused = ConcurrentHashMap.newKeySet();
    private final AlgorithmCache algorithms;
    private final Blas blas;
    private CUstream stream = new CUstream();

    /** cuDNN's, whose graph API takes its address. */
    static final class Handle extends cudnnHandle {
        long address() {
            return getNativePointer();
        }
    }

    Dnn(CudaRuntime cuda, Blas blas) {
        this.cuda = cuda;
        this.blas = blas;
        cuda.enter();
        checkDnn(JCudnn.cudnnCreate(handle), "cudnnCreate");
        algorithms = AlgorithmCache.open(cuda.name() + " cudnn " + JCudnn.cudnnGetVersion());
    }

    /** Whether cuDNN has not refused the shape so far. */
    boolean mayTake(ConvolutionShape shape) {
        return !refused.contains(shape);
    }

    /** Notes that cuDNN has nothing for a shape: in another layout it may. */
    void refuse(ConvolutionShape shape) {
        refused.add(shape);
    }

    /**
     * Runs one direction on the addresses given; what is computed is the one that {@code shape.direction()} says.
     *
     * @throws NoAlgorithm when cuDNN has none for the shape
     */
    synchronized void run(ConvolutionShape shape, long x, long weight, long y) {
        cuda.enter();
        cuda.queued("cuDNN " + shape);
        cuda.note("convolution", shape);
        if (!cuda.stream().equals(stream)) {
            checkDnn(JCudnn.cudnnSetStream(handle, new cudaStream_t(cuda.stream())), "cudnnSetStream");
            stream = cuda.stream();
        }
        ConvolutionPlan plan = plans.get(shape);
        if (plan == null) {
            cuda.requireDone("has a convolution whose engine is not chosen yet");
            plan = plan(shape, x, weight, y);
            plans.put(shape, plan);
        }
        try (Temporaries temporary = new Temporaries(cuda)) {
            long bytes = plan.workspace();
            long workspace = bytes == 0 ? 0 : temporary.bytes(bytes, "workspace of " + shape.direction());
            plan.run(x, weight, y, workspace);
        }
    }

    private ConvolutionPlan plan(ConvolutionShape shape, long x, long weight, long y) {
        try (ConvolutionGraph graph = new ConvolutionGraph(handle, shape)) {
            List<Candidate> candidates = candidates(graph, shape);
            Optional<Candidate> known = algorithms.find(shape.toString())
                    .filter(c -> c.position() < candidates.size()
                            && candidates.get(c.position()).index == c.engine())
                    .map(c -> candidates.get(c.position()));
            return known.isPresent() ? known.get().plan.get()
                    : measure(candidates, shape, x, weight, y).plan;
        } catch (CudaFailure e) {
            throw new NoAlgorithm(e.getMessage(), e);
        }
    }

    /** What may be chosen: one of cuDNN's engines by its number, or {@link #PRODUCT}. */
    private record Candidate(long index, Supplier<ConvolutionPlan> plan) {}

    private List<Candidate> candidates(ConvolutionGraph graph, ConvolutionShape shape) {
        List<Candidate> all = new ArrayList<>();
        graph.engines().forEach(engine -> all.add(new Candidate(engine.index(), () -> graph.plan(engine))));
        ProductPlan.of(blas, shape).ifPresent(plan -> all.add(new Candidate(PRODUCT, () -> plan)));
        return all;
    }

    private record Measured(int position, ConvolutionPlan plan, double millis) {}

    /**
     * With memory from the driver, given back at once: what is tried once counts in no peak of the allocator's. What is
     * added to must not be added to by each run, so there some of that memory takes its place. A choice made with less
     * memory than wanted, on a device that was full just then, is not kept for later processes.
     */
    private Measured measure(List<Candidate> candidates, ConvolutionShape shape, long x, long weight, long y) {
        CudaMemory memory = new CudaMemory(cuda);
        long bytes = WORKSPACE << 20;
        long added = shape.direction() == Direction.ONTO_X
                ? Math.ceilDiv(shape.x().size() * shape.dtype().bytes(), ALIGNMENT) * ALIGNMENT : 0;
        while (true) {
            try {
                MemorySegment space = memory.acquire(added + bytes);
                try {
                    Measured best = fastest(candidates, shape, new long[] {added == 0 ? x : space.address(), weight, y,
                        space.address() + added}, bytes);
                    if (bytes == WORKSPACE << 20) {
                        algorithms.put(shape.toString(), new AlgorithmCache.Choice(best.position,
                                candidates.get(best.position).index));
                    }
                    return best;
                } finally {
                    memory.surrender(space);
                }
            } catch (OutOfMemoryError e) {
                if (bytes <= 1 << 20) {
                    throw new CudaFailure("no memory is left to choose an engine for " + shape);
                }
                cuda.allocator().trim();
                bytes /= 4;
            }
        }
    }

    /** Of the first few that cuDNN takes; overwrites what the direction computes. */
    private Measured fastest(List<Candidate> candidates, ConvolutionShape shape, long[] at, long bytes) {
        List<Measured> taken = new ArrayList<>();
        List<String> refusals = new ArrayList<>();
        for (int i = 0; i < candidates.size(); i++) {
            if (taken.size() >= TRIED && candidates.get(i).index != PRODUCT) {
                continue;
            }
            Optional<ConvolutionPlan> plan = Optional.empty();
            try {
                plan = Optional.of(candidates.get(i).plan.get());
                if (plan.get().workspace() > bytes) {
                    throw new CudaFailure("needs a workspace of " + plan.get().workspace() + " bytes");
                }
                taken.add(new Measured(i, plan.get(), millis(plan.get(), at)));
            } catch (CudaFailure e) {
                refusals.add("engine " + candidates.get(i).index + ": " + e.getMessage());
                plan.ifPresent(ConvolutionPlan::close);
            }
        }
        Measured best = taken.stream().reduce((a, b) -> b.millis < a.millis ? b : a).orElseThrow(() -> new CudaFailure(
                "cuDNN has no deterministic engine for " + shape
                + (refusals.isEmpty() ? "" : ": " + String.join("; ", refusals))));
        taken.stream().filter(m -> m != best).forEach(m -> m.plan.close());
        LOG.log(Level.DEBUG, () -> shape + ": " + taken + " " + refusals);
        return best;
    }

    private double millis(ConvolutionPlan plan, long[] at) {
        plan.run(at[0], at[1], at[2], at[3]);          // its kernel is loaded
        cuda.synchronize();
        long start = System.nanoTime();
        for (int i = 0; i < RUNS; i++) {
            plan.run(at[0], at[1], at[2], at[3]);
        }
        cuda.synchronize();
        return (System.nanoTime() - start) / 1e6 / RUNS;
    }
}
