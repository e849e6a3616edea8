package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.cuda.ConvolutionShape.Direction;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * A convolution as a graph of one operation for cuDNN's graph API, and the engines that cuDNN's heuristics name for it.
 * (The older API, {@code cudnnConvolutionForward} and its like, made a ResNet-50's step 60 times slower than PyTorch's
 * on an H100 with cuDNN 9.14, and asked for workspaces of the images' size there.)
 */
final class ConvolutionGraph implements AutoCloseable {

    /** What the tensors are called in plans and their variant packs. */
    static final long X = 'x';
    static final long WEIGHT = 'w';
    static final long Y = 'y';
    /** Bytes at whose multiples every tensor begins: the allocator's blocks do. */
    private static final int ALIGNMENT = 16;
    private static final int MOST_ENGINES = 32;
    private static final int MOST_NOTES = 32;

    private static final int FLOAT = 0;
    private static final int HALF = 2;
    private static final int BFLOAT16 = 9;
    private static final int CROSS_CORRELATION = 1;

    /** Descriptors: {@code cudnnBackendDescriptorType}. */
    private static final int CONVOLUTION = 1;
    private static final int ENGINE = 2;
    private static final int ENGINE_CONFIGURATION = 3;
    private static final int HEURISTICS = 4;
    private static final int PLAN = 5;
    private static final int FORWARD = 10;
    private static final int BACKWARD_FILTER = 11;
    private static final int BACKWARD_DATA = 12;
    private static final int GRAPH = 15;
    private static final int TENSOR = 17;

    /** Types of attributes: {@code cudnnBackendAttributeType}. */
    private static final int OF_DATA_TYPE = 1;
    private static final int OF_CONVOLUTION_MODE = 7;
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
    private final ConvolutionShape shape;
    private final List<DnnDescriptor> parts = new ArrayList<>();
    private final DnnDescriptor graph;

    /**
     * @throws CudaFailure when cuDNN refuses the convolution
     */
    ConvolutionGraph(Dnn.Handle handle, ConvolutionShape shape) {
        this.handle = handle;
        this.shape = shape;
        try {
            graph = keep(new DnnDescriptor(GRAPH, "operation graph")).descriptors(801, operation())
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

    private DnnDescriptor operation() {
        Conv2d op = shape.op();
        DnnDescriptor convolution = keep(new DnnDescriptor(CONVOLUTION, "convolution"))
                .constant(100, OF_DATA_TYPE, FLOAT)
                .constant(101, OF_CONVOLUTION_MODE, CROSS_CORRELATION)
                .longs(102, op.dilation().height(), op.dilation().width())
                .longs(103, op.stride().height(), op.stride().width())
                .longs(104, op.padding().height(), op.padding().width())
                .longs(105, op.padding().height(), op.padding().width())
                .longs(106, 2).finish();
        DnnDescriptor x = tensor(X, shape.x());
        DnnDescriptor weight = tensor(WEIGHT, shape.weight());
        DnnDescriptor y = tensor(Y, shape.y());
        DnnDescriptor operation = switch (shape.direction()) {
            case Y -> keep(new DnnDescriptor(FORWARD, "convolution")).real(700, 1).real(701, 0)
                    .descriptors(702, convolution).descriptors(703, weight).descriptors(704, x).descriptors(705, y);
            case X, ONTO_X -> keep(new DnnDescriptor(BACKWARD_DATA, "convolution's image gradient")).real(706, 1)
                    .real(707, shape.direction() == Direction.ONTO_X ? 1 : 0).descriptors(708, convolution)
                    .descriptors(709, weight).descriptors(710, x).descriptors(711, y);
            case WEIGHT -> keep(new DnnDescriptor(BACKWARD_FILTER, "convolution's weight gradient")).real(712, 1)
                    .real(713, 0).descriptors(714, convolution).descriptors(715, weight).descriptors(716, x)
                    .descriptors(717, y);
        };
        return operation.finish();
    }

    private DnnDescriptor tensor(long name, Shape of) {
        long c = of.dim(1);
        long h = of.dim(2);
        long w = of.dim(3);
        long[] strides = shape.layout() == Layout.NHWC ? new long[] {h * w * c, 1, w * c, c}
                : new long[] {c * h * w, h * w, w, 1};
        int type = shape.dtype() == DType.F32 ? FLOAT : shape.dtype() == DType.F16 ? HALF : BFLOAT16;
        return keep(new DnnDescriptor(TENSOR, "tensor " + of)).longs(900, ALIGNMENT).constant(901, OF_DATA_TYPE, type)
                .longs(902, of.dim(0), c, h, w).longs(903, strides).longs(906, name).finish();
    }

    /**
     * One way to compute the convolution.
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
            return new DnnPlan(handle, plan, plan.number(402));
        } catch (CudaFailure e) {
            plan.close();
            throw e;
        }
    }

    /** Plans live on without their graph. */
    @Override
    public void close() {
        parts.forEach(DnnDescriptor::close);
    }
}
