package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.cuda.ConvolutionShape.Direction;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.op.MatMul.Transpose;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The operations of a graph for cuDNN's graph API: a convolution or a product, and behind it what is done to each of
 * its elements while they are still in registers. What lies between two operations is float32, and nowhere in memory.
 */
final class DnnOperations implements AutoCloseable {

    /** What the tensors are called in plans and their variant packs. */
    static final long X = 'x';
    static final long WEIGHT = 'w';
    static final long Y = 'y';
    static final long BIAS = 'b';
    /** What is in no memory: the product, and its sum with the bias. */
    private static final long PRODUCT = 'p';
    private static final long SUM = 's';
    /** Bytes at whose multiples every tensor begins: the allocator's blocks do. */
    private static final int ALIGNMENT = 16;

    private static final int FLOAT = 0;
    private static final int HALF = 2;
    private static final int BFLOAT16 = 9;
    private static final int CROSS_CORRELATION = 1;

    /** {@code cudnnPointwiseMode}. */
    private static final int ADD = 0;
    private static final int RELU_FORWARD = 100;
    /** x·Φ(x), with the error function. */
    private static final int GELU_FORWARD = 104;

    /** Descriptors: {@code cudnnBackendDescriptorType}. */
    private static final int POINTWISE = 0;
    private static final int CONVOLUTION = 1;
    private static final int FORWARD = 10;
    private static final int BACKWARD_FILTER = 11;
    private static final int BACKWARD_DATA = 12;
    private static final int POINTWISE_OPERATION = 13;
    private static final int TENSOR = 17;
    private static final int MATMUL = 18;
    private static final int MATMUL_OPERATION = 19;

    /** Types of attributes: {@code cudnnBackendAttributeType}. */
    private static final int OF_DATA_TYPE = 1;
    private static final int OF_BOOLEAN = 2;
    private static final int OF_CONVOLUTION_MODE = 7;
    private static final int OF_NAN_PROPAGATION = 10;
    private static final int OF_POINTWISE_MODE = 14;

    /** {@code cudnnNanPropagation_t}. */
    private static final int PROPAGATE_NAN = 1;

    private final PlannedShape shape;
    private final List<DnnDescriptor> parts = new ArrayList<>();

    DnnOperations(PlannedShape shape) {
        this.shape = shape;
    }

    private DnnDescriptor keep(DnnDescriptor part) {
        parts.add(part);
        return part;
    }

    /** In the order in which they are computed. They live until this is closed. */
    DnnDescriptor[] all() {
        List<DnnDescriptor> operations = switch (shape) {
            case ConvolutionShape c when c.direction() == Direction.Y -> ended(form(c, c.y()),
                    channels(c, c.channels()), y -> convolution(c, y));
            case ConvolutionShape c when c.ending().isNone() -> List.of(convolution(c, tensor(Y, form(c, c.y()))));
            case ConvolutionShape c -> throw new IllegalArgumentException("nothing can follow in the graph of " + c);
            case ProductShape p -> ended(rows(p.m(), p.n()), rows(1, p.n()), y -> product(p, y));
        };
        return operations.toArray(DnnDescriptor[]::new);
    }

    /** How a tensor lies. */
    private record Form(long[] dims, long[] strides) {}

    private static Form form(ConvolutionShape shape, Shape of) {
        long c = of.dim(1);
        long h = of.dim(2);
        long w = of.dim(3);
        return new Form(new long[] {of.dim(0), c, h, w}, shape.layout() == Layout.NHWC
                ? new long[] {h * w * c, 1, w * c, c} : new long[] {c * h * w, h * w, w, 1});
    }

    private static Form channels(ConvolutionShape shape, int count) {
        return form(shape, Shape.of(1, count, 1, 1));
    }

    private static Form rows(long m, long n) {
        return new Form(new long[] {1, m, n}, new long[] {m * n, n, 1});
    }

    private static Form columns(long m, long n) {
        return new Form(new long[] {1, m, n}, new long[] {m * n, 1, m});
    }

    /** The first operation, which writes the tensor that it is given, and what follows it. */
    private List<DnnDescriptor> ended(Form y, Form bias, Function<DnnDescriptor, DnnDescriptor> first) {
        Ending ending = shape.ending();
        boolean function = ending.function() != Epilogue.NONE;
        List<DnnDescriptor> operations = new ArrayList<>();
        DnnDescriptor last = ending.isNone() ? tensor(Y, y) : between(PRODUCT, y);
        operations.add(first.apply(last));
        if (ending.hasBias()) {
            DnnDescriptor sum = function ? between(SUM, y) : tensor(Y, y);
            operations.add(pointwise(ADD, last).descriptors(752, tensor(BIAS, bias)).descriptors(753, sum).finish());
            last = sum;
        }
        if (function) {
            int mode = ending.function() == Epilogue.RELU ? RELU_FORWARD : GELU_FORWARD;
            operations.add(pointwise(mode, last).descriptors(753, tensor(Y, y)).finish());
        }
        return operations;
    }

    private DnnDescriptor convolution(ConvolutionShape of, DnnDescriptor y) {
        Conv2d op = of.op();
        DnnDescriptor convolution = keep(new DnnDescriptor(CONVOLUTION, "convolution"))
                .constant(100, OF_DATA_TYPE, FLOAT)
                .constant(101, OF_CONVOLUTION_MODE, CROSS_CORRELATION)
                .longs(102, op.dilation().height(), op.dilation().width())
                .longs(103, op.stride().height(), op.stride().width())
                .longs(104, op.padding().height(), op.padding().width())
                .longs(105, op.padding().height(), op.padding().width())
                .longs(106, 2).finish();
        DnnDescriptor x = tensor(X, form(of, of.x()));
        DnnDescriptor weight = tensor(WEIGHT, form(of, of.weight()));
        DnnDescriptor operation = switch (of.direction()) {
            case Y -> keep(new DnnDescriptor(FORWARD, "convolution")).real(700, 1).real(701, 0)
                    .descriptors(702, convolution).descriptors(703, weight).descriptors(704, x).descriptors(705, y);
            case X, ONTO_X -> keep(new DnnDescriptor(BACKWARD_DATA, "convolution's image gradient")).real(706, 1)
                    .real(707, of.direction() == Direction.ONTO_X ? 1 : 0).descriptors(708, convolution)
                    .descriptors(709, weight).descriptors(710, x).descriptors(711, y);
            case WEIGHT -> keep(new DnnDescriptor(BACKWARD_FILTER, "convolution's weight gradient")).real(712, 1)
                    .real(713, 0).descriptors(714, convolution).descriptors(715, weight).descriptors(716, x)
                    .descriptors(717, y);
        };
        return operation.finish();
    }

    private DnnDescriptor product(ProductShape of, DnnDescriptor y) {
        Form x = of.x() == Transpose.YES ? columns(of.m(), of.k()) : rows(of.m(), of.k());
        Form weight = of.weight() == Transpose.YES ? columns(of.k(), of.n()) : rows(of.k(), of.n());
        DnnDescriptor product = keep(new DnnDescriptor(MATMUL, "product")).constant(1500, OF_DATA_TYPE, FLOAT).finish();
        return keep(new DnnDescriptor(MATMUL_OPERATION, "product")).descriptors(1520, tensor(X, x))
                .descriptors(1521, tensor(WEIGHT, weight)).descriptors(1522, y).descriptors(1523, product).finish();
    }

    /** Computed in float32; its other operand and its result are to be set. What is not a number stays so. */
    private DnnDescriptor pointwise(int mode, DnnDescriptor x) {
        DnnDescriptor function = keep(new DnnDescriptor(POINTWISE, "pointwise function"))
                .constant(0, OF_POINTWISE_MODE, mode).constant(1, OF_DATA_TYPE, FLOAT);
        if (mode == RELU_FORWARD) {
            function.constant(2, OF_NAN_PROPAGATION, PROPAGATE_NAN);
        }
        function.finish();
        return keep(new DnnDescriptor(POINTWISE_OPERATION, "pointwise operation")).descriptors(750, function)
                .descriptors(751, x);
    }

    private DnnDescriptor tensor(long name, Form form) {
        int type = shape.dtype() == DType.F32 ? FLOAT : shape.dtype() == DType.F16 ? HALF : BFLOAT16;
        return described(name, form, type).finish();
    }

    private DnnDescriptor between(long name, Form form) {
        return described(name, form, FLOAT).constant(907, OF_BOOLEAN, 1).finish();
    }

    private DnnDescriptor described(long name, Form form, int type) {
        return keep(new DnnDescriptor(TENSOR, "tensor '" + (char) name + "'")).longs(900, ALIGNMENT)
                .constant(901, OF_DATA_TYPE, type).longs(902, form.dims).longs(903, form.strides).longs(906, name);
    }

    @Override
    public void close() {
        parts.forEach(DnnDescriptor::close);
    }
}
