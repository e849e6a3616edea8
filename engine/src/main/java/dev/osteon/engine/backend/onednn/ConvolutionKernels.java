package dev.osteon.engine.backend.onednn;

import static dev.osteon.engine.backend.KernelTable.Layouts.ANY;

import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.backend.onednn.vector.Bias;
import dev.osteon.engine.backend.onednn.vector.PixelsApart;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Binary;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Conv2dBackwardWeights;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.ConvTranspose2dOnto;
import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Convolutions by oneDNN, but for those that {@link WinogradConvolution} or {@link WeightGradient} take. Activations
 * keep their layout; oneDNN chooses the layout of the weights, which are brought there and back at each call: 0.1 GB
 * moved a step for ResNet-50, against the blocked kernels' gain of a factor.
 */
final class ConvolutionKernels {

    /** Up to so many pixels products of matrices are faster in bfloat16, for they need no weights in blocks. */
    private static final int FEW_PIXELS = 1024;
    /** The same for gradients of weights by oneDNN. */
    private static final int FEW_PIXELS_OF_WEIGHTS = 4096;

    private static final Map<Key, Plan> PLANS = new ConcurrentHashMap<>();

    /** One layer's weights in the layout of its primitive; shared, since 100 MB of them would lie idle otherwise. */
    private static MemorySegment blocked = MemorySegment.NULL;

    private ConvolutionKernels() {}

    static void register(KernelTable table) {
        EnumSet<DType> types = EnumSet.of(DType.F32, DType.BF16);
        table.put(Conv2d.class, ANY, types, ConvolutionKernels::forward)
                .put(ConvTranspose2d.class, ANY, types, ConvolutionKernels::transpose)
                .put(ConvTranspose2dOnto.class, ANY, types, (op, in, out) -> transposeOnto(table, op, in))
                .put(Conv2dBackwardWeights.class, ANY, types, ConvolutionKernels::backwardWeights);
    }

    private enum Direction { FORWARD, BACKWARD_DATA, ONTO, BACKWARD_WEIGHTS }

    private record Key(Direction direction, Conv2d op, TensorSpec x, TensorSpec weight, TensorSpec y, boolean bias) {

        /** Whether each result is of one pixel, and pixels are rows of channels. */
        boolean isPointwise() {
            return weight.dim(2) == 1 && weight.dim(3) == 1 && op.groups() == 1 && op.stride().equals(Window.ONE)
                    && op.padding().equals(Window.ZERO) && x.layout() == Layout.NHWC && y.layout() == Layout.NHWC
                    && x.dim(2) == y.dim(2) && x.dim(3) == y.dim(3) && x.dim(1) > 0 && y.dim(1) > 0;
        }

        /** Whether it is computed as a product of matrices: pixels by channels, and weights. */
        boolean isProduct() {
            return direction == Direction.BACKWARD_WEIGHTS ? hasFewPixels(FEW_PIXELS_OF_WEIGHTS)
                    : hasFewPixels(FEW_PIXELS) && !Dnnl.hasAmx();   // with which it was not measured
        }

        boolean hasFewPixels(int few) {
            return isPointwise() && !bias && x.dtype() == DType.BF16 && pixels() <= few;
        }

        long pixels() {
            return y.shape().size() / y.dim(1);
        }
    }

    private static void forward(Conv2d op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.get(0);
        Tensor w = in.get(1);
        Tensor y = out.getFirst();
        boolean bias = in.size() == 3;
        if (isForTiles(op, x, w, y)) {
            WinogradConvolution.forward(op, x, w, bias(in, y.dim(1)), y);
            return;
        }
        Plan plan = plan(new Key(Direction.FORWARD, op, x.spec(), w.spec(), y.spec(), bias), Plan::forward);
        synchronized (Dnnl.LOCK) {
            MemorySegment weights = plan.weightsIn(w.segment());
            if (bias) {
                plan.primitive.run(x.segment(), weights, y.segment(), in.get(2).segment());
            } else {
                plan.primitive.run(x.segment(), weights, y.segment());
            }
        }
    }

    private static void transpose(ConvTranspose2d op, List<Tensor> in, List<Tensor> out) {
        Tensor dy = in.get(0);
        Tensor w = in.get(1);
        Tensor dx = out.getFirst();
        if (isForTiles(op.convolution(), dx, w, dy)) {
            WinogradConvolution.backwardData(op.convolution(), dy, w, bias(in, dx.dim(1)), dx);
            return;
        }
        if (isOfPixelsApart(op.convolution(), dx, w, dy)) {
            transposeApart(op, dy, w, dx);
        } else {
            Plan plan = plan(new Key(Direction.BACKWARD_DATA, op.convolution(), dx.spec(), w.spec(), dy.spec(), false),
                    Plan::backwardData);
            synchronized (Dnnl.LOCK) {
                plan.primitive.run(dy.segment(), plan.weightsIn(w.segment()), dx.segment());
            }
        }
        if (in.size() == 3) {
            Bias.addPerChannel(dx, in.get(2));
        }
    }

    /** Whether single pixels of dy go to some of dx's, and none to those between. */
    private static boolean isOfPixelsApart(Conv2d op, Tensor dx, Tensor weight, Tensor dy) {
        return weight.dim(2) == 1 && weight.dim(3) == 1 && op.groups() == 1 && !op.stride().equals(Window.ONE)
                && op.padding().equals(Window.ZERO) && dx.layout() == Layout.NHWC && dy.layout() == Layout.NHWC
                && dy.size() > 0;
    }

    /** By oneDNN as if they were neighbours; with strides it took 17.6 ms of a ResNet-50's bf16 step, and now 13.7. */
    private static void transposeApart(ConvTranspose2d op, Tensor dy, Tensor weight, Tensor dx) {
        ConvTranspose2d near = new ConvTranspose2d(Window.ONE, Window.ZERO, Window.ZERO, Window.ONE, 1);
        try (TensorScope scope = TensorScope.open()) {
            Tensor pixels = Tensor.empty(dx.device(), new TensorSpec(Shape.of(dy.dim(0), dx.dim(1), dy.dim(2),
                    dy.dim(3)), dx.dtype(), Layout.NHWC), op.name());
            transpose(near, List.of(dy, weight), List.of(pixels));
            PixelsApart.move(pixels, op.stride(), dx);
        }
    }

    /**
     * A gradient of single pixels is a convolution with the transposed weights, which oneDNN can add to what is there.
     * Its other ones overwrite that, and the sum is an operation of its own.
     */
    private static void transposeOnto(KernelTable table, ConvTranspose2dOnto op, List<Tensor> in) {
        Tensor dy = in.get(0);
        Tensor w = in.get(1);
        Tensor dx = in.get(2);
        Key key = new Key(Direction.ONTO, op.transpose().convolution(), dx.spec(), w.spec(), dy.spec(), false);
        if (key.isPointwise()) {
            Plan plan = plan(key, Plan::onto);
            synchronized (Dnnl.LOCK) {
                plan.primitive.run(dy.segment(), plan.weightsIn(w.segment()), dx.segment());
            }
            return;
        }
        Binary add = new Binary(Binary.Function.ADD);
        try (TensorScope scope = TensorScope.open()) {
            Tensor added = Tensor.empty(dx.device(), dx.spec(), op.name());
            transpose(op.transpose(), in.subList(0, 2), List.of(added));
            table.get(add).kernel().run(add, List.of(dx, added), List.of(dx));
        }
    }

    private static void backwardWeights(Conv2dBackwardWeights op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.get(0);
        Tensor dy = in.get(1);
        Tensor dw = out.getFirst();
        if (isForTiles(op.convolution(), x, dw, dy)) {
            WinogradConvolution.backwardWeights(op.convolution(), x, dy, dw);
            return;
        }
        Key key = new Key(Direction.BACKWARD_WEIGHTS, op.convolution(), x.spec(), dw.spec(), dy.spec(), false);
        if (!key.hasFewPixels(FEW_PIXELS)
                && WeightGradient.takes(op.convolution(), x.spec(), dw.spec(), dy.spec())) {
            WeightGradient.run(op.convolution(), x, dy, dw);
            return;
        }
        Plan plan = plan(key, Plan::backwardWeights);
        synchronized (Dnnl.LOCK) {
            MemorySegment target = plan.weightsOut(dw.segment());
            plan.primitive.run(x.segment(), dy.segment(), target);
            plan.finishWeights(dw.segment());
        }
    }

    private static boolean isForTiles(Conv2d op, Tensor x, Tensor weight, Tensor y) {
        return weight.layout() == Layout.ROW_MAJOR
                && WinogradConvolution.takes(op, x.spec(), new Window(weight.dim(2), weight.dim(3)), y.spec());
    }

    /** The third operand, or zeros. */
    private static float[] bias(List<Tensor> in, int channels) {
        return in.size() == 3 ? in.get(2).segment().toArray(ValueLayout.JAVA_FLOAT) : new float[channels];
    }

    private static Plan plan(Key key, Function<Key, Plan> create) {
        Plan plan = PLANS.get(key);
        if (plan != null) {
            return plan;
        }
        synchronized (Dnnl.LOCK) {
            return PLANS.computeIfAbsent(key, create);
        }
    }

    private static MemorySegment blocked(long bytes) {
        if (blocked.byteSize() < bytes) {
            blocked = Arena.ofAuto().allocate(bytes, 64);
        }
        return blocked;
    }

    /** A primitive for one set of shapes, with the reorder between plain weights and the layout that it chose. */
    private static final class Plan {
        private final Primitive primitive;
        private final Optional<Primitive> reorder;     // empty when the layout is the plain one
        private final long blockedBytes;

        private Plan(Primitive primitive, Optional<Primitive> reorder, long blockedBytes) {
            this.primitive = primitive;
            this.reorder = reorder;
            this.blockedBytes = blockedBytes;
        }

        static Plan forward(Key key) {
            if (key.isProduct()) {
                Matrices m = Matrices.of(key);
                return product(Dnnl.matmul(m.x, m.transposedWeight, MemorySegment.NULL, m.y, key.op.epilogue()));
            }
            Descriptors d = Descriptors.of(key);
            MemorySegment bias = key.bias
                    ? Dnnl.descriptor(d.type, new long[] {key.y.dim(1)}, new long[] {1}) : MemorySegment.NULL;
            MemorySegment pd = Dnnl.convolutionForward(d.x, d.anyWeight, bias, d.y, d.geometry, key.op.epilogue());
            int[] ids = key.bias ? new int[] {Dnnl.SRC, Dnnl.WEIGHTS, Dnnl.DST, Dnnl.BIAS}
                    : new int[] {Dnnl.SRC, Dnnl.WEIGHTS, Dnnl.DST};
            return withReorder(pd, Dnnl.WEIGHTS, d.plainWeight, new Primitive(pd, ids));
        }

        static Plan backwardData(Key key) {
            if (key.isProduct()) {
                Matrices m = Matrices.of(key);
                return product(Dnnl.matmul(m.y, m.weight, MemorySegment.NULL, m.x, Epilogue.NONE));
            }
            Descriptors d = Descriptors.of(key);
            MemorySegment hint = Dnnl.convolutionForward(d.x, d.anyWeight, MemorySegment.NULL, d.y, d.geometry,
                    Epilogue.NONE);
            MemorySegment pd = Dnnl.convolutionBackwardData(d.x, d.anyWeight, d.y, d.geometry, hint);
            return withReorder(pd, Dnnl.WEIGHTS, d.plainWeight,
                    new Primitive(pd, Dnnl.DIFF_DST, Dnnl.WEIGHTS, Dnnl.DIFF_SRC));
        }

        /** x += dy · w, as a convolution from dy to x. */
        static Plan onto(Key key) {
            if (key.isProduct()) {
                Matrices m = Matrices.of(key);
                return product(Dnnl.matmulAdded(m.y, m.weight, m.x));
            }
            Descriptors d = Descriptors.of(key);
            long[] dims = {key.x.dim(1), key.y.dim(1), 1, 1};
            MemorySegment pd = Dnnl.convolutionAdded(d.y, Dnnl.anyLayout(d.type, dims), d.x, d.geometry);
            MemorySegment transposed = Dnnl.descriptor(d.type, dims, new long[] {1, dims[0], 1, 1});
            return withReorder(pd, Dnnl.WEIGHTS, transposed, new Primitive(pd, Dnnl.SRC, Dnnl.WEIGHTS, Dnnl.DST));
        }

        /** Of single pixels by whichever of three ways was measured to be the fastest for such sizes. */
        static Plan backwardWeights(Key key) {
            if (key.isProduct()) {
                Matrices m = Matrices.of(key);
                MemorySegment pd = Dnnl.matmul(m.transposedY, m.x, MemorySegment.NULL, m.weight, Epilogue.NONE);
                return new Plan(new Primitive(pd, Dnnl.WEIGHTS, Dnnl.SRC, Dnnl.DST), Optional.empty(), 0);
            }
            boolean more = key.x.dtype() == DType.F32 && key.y.dim(1) > key.x.dim(1);
            return key.isPointwise() && more ? exchanged(key) : convolution(key);
        }

        private static Plan product(MemorySegment descriptor) {
            return new Plan(new Primitive(descriptor, Dnnl.SRC, Dnnl.WEIGHTS, Dnnl.DST), Optional.empty(), 0);
        }

        /**
         * The same sums are the gradient of the transposed weights of a convolution from y to x. oneDNN's float32
         * kernels take up to 1.5 times as long for more channels out than in.
         */
        private static Plan exchanged(Key key) {
            Descriptors d = Descriptors.of(key);
            long in = key.x.dim(1);
            long out = key.y.dim(1);
            MemorySegment any = Dnnl.anyLayout(d.type, new long[] {in, out, 1, 1});
            MemorySegment plain = Dnnl.descriptor(d.type, new long[] {in, out, 1, 1}, new long[] {1, in, 1, 1});
            MemorySegment hint = Dnnl.convolutionForward(d.y, any, MemorySegment.NULL, d.x, d.geometry, Epilogue.NONE);
            MemorySegment pd = Dnnl.convolutionBackwardWeights(d.y, any, d.x, d.geometry, hint);
            MemorySegment chosen = Dnnl.wanted(pd, Dnnl.DIFF_WEIGHTS);
            return of(new Primitive(pd, Dnnl.DIFF_DST, Dnnl.SRC, Dnnl.DIFF_WEIGHTS), chosen, plain,
                    () -> Dnnl.reorder(chosen, plain));
        }

        private static Plan convolution(Key key) {
            Descriptors d = Descriptors.of(key);
            MemorySegment hint = Dnnl.convolutionForward(d.x, d.anyWeight, MemorySegment.NULL, d.y, d.geometry,
                    Epilogue.NONE);
            MemorySegment pd = Dnnl.convolutionBackwardWeights(d.x, d.anyWeight, d.y, d.geometry, hint);
            int[] ids = {Dnnl.SRC, Dnnl.DIFF_DST, Dnnl.DIFF_WEIGHTS};
            Primitive primitive = seesAll(key) ? new Primitive(pd, ids) : Primitive.fromZeros(pd, ids);
            MemorySegment chosen = Dnnl.wanted(pd, Dnnl.DIFF_WEIGHTS);
            return of(primitive, chosen, d.plainWeight, () -> Dnnl.reorder(chosen, d.plainWeight));
        }

        /**
         * Whether each of the kernel's rows and columns meets the image somewhere. Sums of those that do not, as in a
         * picture of one pixel, oneDNN's bfloat16 kernels (3.11) leave as they were in the scratchpad.
         */
        private static boolean seesAll(Key k) {
            Conv2d op = k.op;
            return seesAll(k.weight.dim(2), op.stride().height(), op.padding().height(), op.dilation().height(),
                    k.x.dim(2), k.y.dim(2)) && seesAll(k.weight.dim(3), op.stride().width(), op.padding().width(),
                            op.dilation().width(), k.x.dim(3), k.y.dim(3));
        }

        private static boolean seesAll(int kernel, int stride, int padding, int dilation, int size, int results) {
            return IntStream.range(0, kernel).allMatch(k -> IntStream.range(0, results).map(y -> y * stride - padding
                    + k * dilation).anyMatch(at -> at >= 0 && at < size));
        }

        private static Plan withReorder(MemorySegment pd, int argument, MemorySegment plain, Primitive primitive) {
            MemorySegment chosen = Dnnl.wanted(pd, argument);
            return of(primitive, chosen, plain, () -> Dnnl.reorder(plain, chosen));
        }

        private static Plan of(Primitive primitive, MemorySegment chosen, MemorySegment plain,
                Supplier<MemorySegment> reorder) {
            return Dnnl.equal(chosen, plain) ? new Plan(primitive, Optional.empty(), 0)
                    : new Plan(primitive, Optional.of(new Primitive(reorder.get(), Dnnl.SRC, Dnnl.DST)),
                            Dnnl.size(chosen));
        }

        /** The weights in the chosen layout, until the next call of this or another plan. */
        MemorySegment weightsIn(MemorySegment plain) {
            reorder.ifPresent(to -> to.run(plain, blocked(blockedBytes)));
            return weightsOut(plain);
        }

        MemorySegment weightsOut(MemorySegment plain) {
            return reorder.isPresent() ? blocked(blockedBytes) : plain;
        }

        void finishWeights(MemorySegment plain) {
            reorder.ifPresent(from -> from.run(blocked(blockedBytes), plain));
        }
    }

    /** The operands of single pixels as matrices [pixels, channels] and [out, in]. */
    private record Matrices(MemorySegment x, MemorySegment weight, MemorySegment transposedWeight, MemorySegment y,
            MemorySegment transposedY) {

        static Matrices of(Key key) {
            long in = key.x.dim(1);
            long out = key.y.dim(1);
            return new Matrices(matrix(key.pixels(), in), matrix(out, in), transposed(out, in),
                    matrix(key.pixels(), out), transposed(key.pixels(), out));
        }

        private static MemorySegment matrix(long rows, long columns) {
            return Dnnl.descriptor(Dnnl.BF16, new long[] {rows, columns}, new long[] {columns, 1});
        }

        private static MemorySegment transposed(long rows, long columns) {
            return Dnnl.descriptor(Dnnl.BF16, new long[] {columns, rows}, new long[] {1, columns});
        }
    }

    /** The operands in oneDNN's terms; grouped weights are [groups, O/groups, C/groups, kh, kw]. */
    private record Descriptors(int type, MemorySegment x, MemorySegment anyWeight, MemorySegment plainWeight,
            MemorySegment y, Dnnl.Geometry geometry) {

        static Descriptors of(Key key) {
            int type = key.x.dtype() == DType.BF16 ? Dnnl.BF16 : Dnnl.F32;
            Conv2d op = key.op;
            long[] w = longs(key.weight.shape());
            long[] strides = key.weight.shape().strides(key.weight.layout());
            if (op.groups() > 1) {
                long perGroup = w[0] / op.groups();
                w = new long[] {op.groups(), perGroup, w[1], w[2], w[3]};
                strides = new long[] {perGroup * strides[0], strides[0], strides[1], strides[2], strides[3]};
            }
            return new Descriptors(type, descriptor(type, key.x), Dnnl.anyLayout(type, w),
                    Dnnl.descriptor(type, w, strides), descriptor(type, key.y), Dnnl.Geometry.of(
                            new long[] {op.stride().height(), op.stride().width()},
                            new long[] {op.dilation().height() - 1L, op.dilation().width() - 1L},
                            new long[] {op.padding().height(), op.padding().width()}));
        }

        private static MemorySegment descriptor(int type, TensorSpec spec) {
            return Dnnl.descriptor(type, longs(spec.shape()), spec.shape().strides(spec.layout()));
        }

        private static long[] longs(Shape shape) {
            return java.util.Arrays.stream(shape.toArray()).asLongStream().toArray();
        }
    }
}
