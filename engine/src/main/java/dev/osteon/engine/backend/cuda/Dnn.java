package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.checkDnn;

import dev.osteon.engine.backend.cuda.AlgorithmCache.Choice;
import dev.osteon.engine.backend.cuda.FastestPlan.Candidate;
import dev.osteon.engine.tensor.DType;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import jcuda.driver.CUstream;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnHandle;
import jcuda.runtime.cudaStream_t;

/**
 * The three directions of a convolution, each by an engine of cuDNN's, or as a product by cuBLAS, that was measured
 * once for its shapes and is kept on disk. What follows a convolution or a product is in cuDNN's kernel where that was
 * measured to be faster than a pass behind. Only deterministic engines are chosen.
 */
final class Dnn {

    private static final Logger LOG = System.getLogger("osteon.cuda");
    /**
     * A shape's result from which on it pays to ask cuDNN for a kernel that goes on behind the sums. Such kernels are
     * compiled by every process that wants one; a pass over less takes 11 µs on an H100.
     */
    private static final long LEAST_BYTES_TO_FUSE = 16L << 20;
    /** Of a graph with operations behind: the likely fastest are first, and one that fails was compiled in vain. */
    private static final int MOST_ENGINES_TO_FUSE = 8;
    /** In an engine's place: the convolution as a product of matrices, {@link ProductPlan}, which is always tried. */
    private static final long PRODUCT = -1;
    /** In an engine's place: what follows is a pass of its own, {@link EndedPlan}; always tried. */
    private static final long PASS_BEHIND = -2;

    private final CudaRuntime cuda;
    private final Handle handle = new Handle();
    private final Map<PlannedShape, Plan> plans = new ConcurrentHashMap<>();
    private final Set<PlannedShape> refused = ConcurrentHashMap.newKeySet();
    private final AlgorithmCache algorithms;
    private final FastestPlan fastest;
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
        algorithms = AlgorithmCache.open(cuda.name() + " cudnn " + JCudnn.cudnnGetVersion()
                + FastestPlan.conditions());
        fastest = new FastestPlan(cuda, algorithms);
    }

    /** Whether what follows a shape's sums may be in cuDNN's kernel: on tensor cores, for they alone take that. */
    static boolean mayFuse(PlannedShape shape) {
        return !shape.ending().isNone() && shape.goesOn() && shape.dtype() != DType.F32
                && shape.results() * shape.dtype().bytes() >= LEAST_BYTES_TO_FUSE;
    }

    /** Whether cuDNN has not refused the shape so far. */
    boolean mayTake(PlannedShape shape) {
        return !refused.contains(shape);
    }

    /** Notes that cuDNN has nothing for a shape: in another layout it may. */
    void refuse(PlannedShape shape) {
        refused.add(shape);
    }

    /**
     * Runs a shape on the addresses given, of whose operands it computes one.
     *
     * @throws NoAlgorithm when cuDNN has none for the shape
     */
    synchronized void run(PlannedShape shape, Operands at) {
        cuda.enter();
        cuda.queued("cuDNN " + shape);
        cuda.note(shape.kind(), shape);
        if (!cuda.stream().equals(stream)) {
            checkDnn(JCudnn.cudnnSetStream(handle, new cudaStream_t(cuda.stream())), "cudnnSetStream");
            stream = cuda.stream();
        }
        Plan plan = plan(shape, at);
        try (Temporaries temporary = new Temporaries(cuda)) {
            long bytes = plan.workspace();
            plan.run(at, bytes == 0 ? 0 : temporary.bytes(bytes, "workspace of a " + shape.kind()));
        }
    }

    private Plan plan(PlannedShape shape, Operands at) {
        Plan plan = plans.get(shape);
        if (plan == null) {
            cuda.requireDone("has a convolution or product whose engine is not chosen yet");
            plan = chosen(shape, at);
            plans.put(shape, plan);
        }
        return plan;
    }

    private Plan chosen(PlannedShape shape, Operands at) {
        if (!shape.ending().isNone()) {
            return ended(shape, at);
        }
        return switch (shape) {
            case ProductShape product -> new MatrixPlan(blas, product);
            case ConvolutionShape convolution -> convolution(convolution, at);
        };
    }

    private Plan convolution(ConvolutionShape shape, Operands at) {
        try (DnnGraph graph = new DnnGraph(handle, shape)) {
            List<Candidate> candidates = engines(graph, Integer.MAX_VALUE);
            ProductPlan.of(blas, shape).ifPresent(plan -> candidates.add(new Candidate(PRODUCT, () -> plan)));
            return fastest.of(shape, candidates, at);
        } catch (CudaFailure e) {
            throw new NoAlgorithm(e.getMessage(), e);
        }
    }

    /** In cuDNN's kernel or behind it. Once the pass was chosen, or cuDNN has refused, it is not asked any more. */
    private Plan ended(PlannedShape shape, Operands at) {
        Optional<Choice> kept = algorithms.find(shape.toString());
        Candidate behind = new Candidate(PASS_BEHIND, () -> new EndedPlan(cuda, plan(shape.plain(), at), shape));
        if (!mayFuse(shape) || kept.filter(choice -> choice.engine() == PASS_BEHIND).isPresent()) {
            return behind.plan().get();
        }
        if (kept.isEmpty()) {
            plan(shape.plain(), at);              // before memory is taken to time the two
        }
        try (DnnGraph graph = new DnnGraph(handle, shape)) {
            List<Candidate> candidates = engines(graph, MOST_ENGINES_TO_FUSE);
            candidates.add(behind);
            return fastest.of(shape, candidates, at);
        } catch (CudaFailure e) {
            LOG.log(kept.isPresent() ? Level.WARNING : Level.DEBUG, "a pass behind, for cuDNN refuses " + shape + ": "
                    + e.getMessage());
            if (kept.isEmpty()) {
                algorithms.put(shape.toString(), new Choice(0, PASS_BEHIND));
            }
            return behind.plan().get();
        }
    }

    private static List<Candidate> engines(DnnGraph graph, int most) {
        List<Candidate> all = new ArrayList<>();
        graph.engines().stream().limit(most)
                .forEach(engine -> all.add(new Candidate(engine.index(), () -> graph.plan(engine))));
        return all;
    }
}
