package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.AvgPool2d;
import dev.osteon.engine.op.AvgPool2dBackward;
import dev.osteon.engine.op.MaxPool2d;
import dev.osteon.engine.op.MaxPool2dBackward;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Maxima and means over windows: {@code cuda/pool.cu}. */
record PoolKernels(CudaRuntime cuda) {

    private static final String FILE = "pool";

    void register(Registrar to) {
        to.put(MaxPool2d.class, Layouts.ANY, Registrar.F32_OR_LOW, this::max)
                .put(MaxPool2dBackward.class, Layouts.ANY, Registrar.F32_OR_LOW, this::maxBackward)
                .put(AvgPool2d.class, Layouts.ANY, Registrar.F32_OR_LOW,
                        (op, in, out) -> average(Windows.of(op), in.getFirst(), out.getFirst()))
                .put(AvgPool2dBackward.class, Layouts.ANY, Registrar.F32_OR_LOW,
                        (op, in, out) -> averageBackward(Windows.of(op.pool()), in.getFirst(), out.getFirst()));
    }

    /**
     * Windows over an image.
     *
     * @param whole whether a mean counts padding
     */
    record Windows(Window kernel, Window stride, Window padding, boolean whole) {

        static Windows of(MaxPool2d op) {
            return new Windows(op.kernel(), op.stride(), op.padding(), false);
        }

        static Windows of(AvgPool2d op) {
            return new Windows(op.kernel(), op.stride(), op.padding(), op.divisor() == AvgPool2d.Divisor.KERNEL);
        }
    }

    private void max(MaxPool2d op, List<Tensor> in, List<Tensor> out) {
        Tensor y = out.getFirst();
        try (Temporaries temporary = new Temporaries(cuda)) {
            long x = temporary.in(y.layout(), in.getFirst());
            Images images = Images.of(in.getFirst(), y, y);
            images.over(images.arguments(cuda.launch(FILE, "max_pool_" + y.dtype()), Windows.of(op)).address(x)
                    .pointer(y).pointer(out.get(1)));
        }
    }

    private void maxBackward(MaxPool2dBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor dx = out.getFirst();
        try (Temporaries temporary = new Temporaries(cuda)) {
            long dy = temporary.in(dx.layout(), in.get(0));
            long places = temporary.in(dx.layout(), in.get(1));
            Images images = Images.of(dx, in.getFirst(), dx);
            images.over(images.arguments(cuda.launch(FILE, "max_pool_backward_" + dx.dtype()), Windows.of(op.pool()))
                    .address(dy).address(places).pointer(dx));
        }
    }

    void average(Windows windows, Tensor image, Tensor y) {
        try (Temporaries temporary = new Temporaries(cuda)) {
            long x = temporary.in(y.layout(), image);
            Images images = Images.of(image, y, y);
            images.over(images.arguments(cuda.launch(FILE, "average_pool_" + y.dtype()), windows).address(x)
                    .pointer(y));
        }
    }

    void averageBackward(Windows windows, Tensor gradient, Tensor dx) {
        try (Temporaries temporary = new Temporaries(cuda)) {
            long dy = temporary.in(dx.layout(), gradient);
            Images images = Images.of(dx, gradient, dx);
            images.over(images.arguments(cuda.launch(FILE, "average_pool_backward_" + dx.dtype()), windows)
                    .address(dy).pointer(dx));
        }
    }

    /** Images and results as packs of channels, row-major of one value, and the one of them that is written. */
    private record Images(Tensor image, Tensor result, Tensor written, int packs, int size) {

        static Images of(Tensor image, Tensor result, Tensor written) {
            boolean last = written.layout() == Layout.NHWC;
            int pack = Addresses.pack(written.dtype());
            int size = last && written.dim(1) % pack == 0 ? pack : 1;
            return new Images(image, result, written, last ? written.dim(1) / size : 1, size);
        }

        /** {@code struct Pool}. */
        Launch arguments(Launch launch, Windows w) {
            Divisor pixel = Divisor.of(packs);
            Divisor width = Divisor.of(written.dim(3));
            Divisor height = Divisor.of(written.dim(2));
            return launch.integers(image.dim(2), image.dim(3), result.dim(2), result.dim(3), w.kernel.height(),
                    w.kernel.width(), w.stride.height(), w.stride.width(), w.padding.height(), w.padding.width(), packs,
                    size, w.whole ? 1 : 0, pixel.by(), pixel.factor(), pixel.shift(), width.by(), width.factor(),
                    width.shift(), height.by(), height.factor(), height.shift());
        }

        void over(Launch launch) {
            long packed = written.size() / size;
            launch.wide(packed).over(packed);
        }
    }
}
