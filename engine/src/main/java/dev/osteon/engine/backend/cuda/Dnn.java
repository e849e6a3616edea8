package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.checkDnn;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnHandle;
import jcuda.runtime.cudaStream_t;

/**
 * cuDNN: the three directions of a convolution, each with an algorithm that was measured once for its shapes and is
 * kept on disk. Only deterministic algorithms are chosen.
 */
final class Dnn {

    /** Most of the device's memory that an algorithm may use for itself, in MiB. */
    private static final long WORKSPACE = Long.getLong("osteon.cuda.workspace", 256);

    private final CudaRuntime cuda;
    private final cudnnHandle handle = new cudnnHandle();
    private final MemorySegment constants = Arena.ofAuto().allocate(8, 4);
    private final Pointer one;
    private final Pointer zero;
    private final Map<ConvolutionShape, ConvolutionPlan> plans = new ConcurrentHashMap<>();
    private final Set<ConvolutionShape> refused = ConcurrentHashMap.newKeySet();
    private final AlgorithmCache algorithms;

    Dnn(CudaRuntime cuda) {
        this.cuda = cuda;
        cuda.enter();
        constants.setAtIndex(JAVA_FLOAT, 0, 1);
        one = Addresses.of(constants.address());
        zero = Addresses.of(constants.address() + 4);
        checkDnn(JCudnn.cudnnCreate(handle), "cudnnCreate");
        checkDnn(JCudnn.cudnnSetStream(handle, new cudaStream_t(cuda.stream())), "cudnnSetStream");
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
        ConvolutionPlan plan = plans.get(shape);
        if (plan == null) {
            plan = plan(shape, x, weight, y);
            plans.put(shape, plan);
        }
        try (Temporaries temporary = new Temporaries(cuda)) {
            long bytes = plan.algorithm().workspace();
            long workspace = bytes == 0 ? 0 : temporary.bytes(bytes, "workspace of " + shape.direction());
            plan.run(handle, one, zero, x, weight, y, workspace);
        }
    }

    private ConvolutionPlan plan(ConvolutionShape shape, long x, long weight, long y) {
        ConvolutionDescriptors descriptors = ConvolutionDescriptors.of(shape);
        Optional<AlgorithmCache.Algorithm> known = algorithms.find(shape.toString());
        if (known.isEmpty()) {
            known = Optional.of(measure(shape, descriptors, x, weight, y));
            algorithms.put(shape.toString(), known.get());
        }
        descriptors.mathType(known.get().mathType());
        return new ConvolutionPlan(shape.direction(), descriptors, known.get());
    }

    /** With memory from the driver, given back at once: what is tried once counts in no peak of the allocator's. */
    private AlgorithmCache.Algorithm measure(ConvolutionShape shape, ConvolutionDescriptors descriptors, long x,
            long weight, long y) {
        CudaMemory memory = new CudaMemory(cuda);
        long bytes = WORKSPACE << 20;
        while (true) {
            try {
                MemorySegment workspace = memory.acquire(bytes);
                try {
                    return descriptors.measure(handle, shape, x, weight, y, workspace.address(), bytes);
                } catch (CudaFailure e) {
                    throw new NoAlgorithm(e.getMessage(), e);
                } catch (ArrayIndexOutOfBoundsException e) {     // JCuda reads a count that a refusal leaves unset
                    throw new NoAlgorithm("cuDNN refuses " + shape, e);
                } finally {
                    memory.surrender(workspace);
                }
            } catch (OutOfMemoryError e) {
                if (bytes <= 1 << 20) {
                    throw new CudaFailure("no memory is left to choose an algorithm for " + shape);
                }
                cuda.allocator().trim();
                bytes /= 4;
            }
        }
    }
}
