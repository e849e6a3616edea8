package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A convolution or a product, with what follows it, as a graph for cuDNN's graph API, and the engines that cuDNN's
 * heuristics name for it. (The older API, {@code cudnnConvolutionForward} and its like, made a ResNet-50's step 60
 * times slower than PyTorch's on an H100 with cuDNN 9.14, and asked for workspaces of the images' size there.)
 */
final class DnnGraph implements AutoCloseable {

    private static final int MOST_ENGINES = 32;
    private static final int MOST_NOTES = 32;

    /** Descriptors: {@code cudnnBackendDescriptorType}. */
    private static final int ENGINE = 2;
    private static final int ENGINE_CONFIGURATION = 3;
    private static final int HEURISTICS = 4;
    private static final int PLAN = 5;
    private static final int GRAPH = 15;

    /** Types of attributes: {@code cudnnBackendAttributeType}. */
    private static final int OF_HEURISTICS = 8;
    private static final int OF_NOTE = 11;

    /** {@code cudnnBackendHeurMode}: A, and what is tried when none of those can be used. */
    private static final List<Integer> MODES = List.of(3, 2);

    /** {@code cudnnBackendNumericalNote}. */
    private static final int TENSOR_CORE = 0;
    private static final int DOWN_CONVERT_INPUTS = 1;
    private static final int REDUCED_PRECISION_REDUCTION = 2;
    private static final int NONDETERMINISTIC = 4;

    private final Dnn.Handle handle;
    private final PlannedShape shape;
    private final DnnOperations operations;
    private final List<DnnDescriptor> parts = new ArrayList<>();
    private final DnnDescriptor graph;

    /**
     * @throws CudaFailure when cuDNN refuses the graph
     */
    DnnGraph(Dnn.Handle handle, PlannedShape shape) {
        this.handle = handle;
        this.shape = shape;
        operations = new DnnOperations(shape);
        try {
            graph = keep(new DnnDescriptor(GRAPH, "operation graph")).descriptors(801, operations.all())
                    .handle(800, handle.address()).finish();
        } catch (CudaFailure e) {
            close();
            throw e;
        }
    }

    private DnnDescriptor keep(DnnDescriptor part) {
        parts.add(part);
        return part;
    }

    /**
     * One way to compute the graph.
     *
     * @param configuration of cuDNN's engine
     * @param index         the engine's number at cuDNN
     */
    record Engine(DnnDescriptor configuration, long index) {}

    /**
     * The engines that give the same bits each time and have the digits that the element type has, the likely fastest
     * first, and behind them cuDNN's fallbacks.
     */
    List<Engine> engines() {
        return MODES.stream().flatMap(mode -> engines(mode).stream()).toList();
    }

    private List<Engine> engines(int mode) {
        List<DnnDescriptor> configurations = IntStream.range(0, MOST_ENGINES)
                .mapToObj(i -> keep(new DnnDescriptor(ENGINE_CONFIGURATION, "engine configuration"))).toList();
        int count;
        try {
            count = keep(new DnnDescriptor(HEURISTICS, "heuristics")).constant(200, OF_HEURISTICS, mode)
                    .descriptors(201, graph).finish().fill(202, configurations);
        } catch (CudaFailure e) {
            return List.of();
        }
        return configurations.subList(0, count).stream().map(this::engine).flatMap(Optional::stream).toList();
    }

    private Optional<Engine> engine(DnnDescriptor configuration) {
        DnnDescriptor engine = keep(new DnnDescriptor(ENGINE, "engine"));
        configuration.fill(300, List.of(engine));
        List<Integer> notes = engine.constants(1303, OF_NOTE, MOST_NOTES);
        boolean exact = shape.dtype() == DType.F32 && !Boolean.getBoolean("osteon.cuda.tf32");
        boolean fewerDigits = exact && (notes.contains(TENSOR_CORE) || notes.contains(DOWN_CONVERT_INPUTS));
        return notes.contains(NONDETERMINISTIC) || notes.contains(REDUCED_PRECISION_REDUCTION) || fewerDigits
                ? Optional.empty() : Optional.of(new Engine(configuration, engine.number(1301)));
    }

    /**
     * @throws CudaFailure when the engine cannot take this graph after all
     */
    DnnPlan plan(Engine engine) {
        DnnDescriptor plan = new DnnDescriptor(PLAN, "execution plan");
        try {
            plan.handle(400, handle.address()).descriptors(401, engine.configuration).finish();
            return new DnnPlan(handle, plan, plan.number(402), shape.ending().bias());
        } catch (CudaFailure e) {
            plan.close();
            throw e;
        }
    }

    /** Plans live on without their graph. */
    @Override
    public void close() {
        parts.forEach(DnnDescriptor::close);
        operations.close();
    }
}
