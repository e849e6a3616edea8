package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.backend.host.AxisWeights;
import dev.osteon.engine.backend.host.PoolWeights;
import dev.osteon.engine.backend.host.ResizeWeights;
import dev.osteon.engine.op.AdaptiveAvgPool2d;
import dev.osteon.engine.op.AdaptiveAvgPool2dBackward;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.AffineCropResizeBackward;
import dev.osteon.engine.op.AvgPool2d;
import dev.osteon.engine.op.AvgPool2dBackward;
import dev.osteon.engine.op.MaxPool2d;
import dev.osteon.engine.op.MaxPool2dBackward;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Resize;
import dev.osteon.engine.op.ResizeBackward;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;

/** Pooling, resizing and views of images: {@code cuda/pool.cu} and {@code cuda/resample.cu}. */
record ImageKernels(CudaRuntime cuda, AxisTables tables) {

    private static final String POOL = "pool";
    private static final String RESAMPLE = "resample";

    ImageKernels(CudaRuntime cuda) {
        this(cuda, new AxisTables(cuda));
    }

    void register(Registrar to) {
        to.put(MaxPool2d.class, Layouts.ANY, Registrar.F32_OR_LOW, this::maxPool)
                .put(MaxPool2dBackward.class, Layouts.ANY, Registrar.F32_OR_LOW, this::maxPoolBackward)
                .put(AvgPool2d.class, Layouts.ANY, Registrar.F32_OR_LOW, this::avgPool)
                .put(AvgPool2dBackward.class, Layouts.ANY, Registrar.F32_OR_LOW, this::avgPoolBackward)
                .put(AdaptiveAvgPool2d.class, Layouts.ANY, Registrar.F32_OR_LOW, this::adaptive)
                .put(AdaptiveAvgPool2dBackward.class, Layouts.ANY, Registrar.F32_OR_LOW, this::adaptiveBackward)
                .put(Resize.class, Layouts.ANY, Registrar.F32_OR_LOW, this::resize)
                .put(ResizeBackward.class, Layouts.ANY, Registrar.F32_OR_LOW, this::resizeBackward)
                .put(AffineCropResize.class, Layouts.ANY, Registrar.F32, this::crop)
                .put(AffineCropResizeBackward.class, Layouts.ANY, Registrar.F32, this::cropBackward);
    }

    private void maxPool(MaxPool2d op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        pool(cuda.launch(POOL, "max_pool_" + x.dtype()), op, x.shape(), y.shape(), y.layout()).pointer(x).pointer(y)
                .pointer(out.get(1)).wide(y.size()).over(y.size());
    }

    private void maxPoolBackward(MaxPool2dBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor dy = in.getFirst();
        Tensor dx = out.getFirst();
        try (Temporaries temporary = new Temporaries(cuda)) {
            long gradients = temporary.in(dx.layout(), dy);
            long places = temporary.in(dx.layout(), in.get(1));
            pool(cuda.launch(POOL, "max_pool_backward_" + dx.dtype()), op.pool(), dx.shape(), dy.shape(), dx.layout())
                    .address(gradients).address(places).pointer(dx).wide(dx.size()).over(dx.size());
        }
    }

    /** {@code struct Pool}. */
    private static Launch pool(Launch launch, MaxPool2d op, Shape image, Shape result, Layout layout) {
        return launch.integers(image.dim(0), image.dim(1), image.dim(2), image.dim(3), result.dim(2), result.dim(3),
                op.kernel().height(), op.kernel().width(), op.stride().height(), op.stride().width(),
                op.padding().height(), op.padding().width(), layout == Layout.NHWC ? 1 : 0);
    }

    private void avgPool(AvgPool2d op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        axes(op, x, y, () -> PoolWeights.rows(op, x.dim(2), y.dim(2)), () -> PoolWeights.columns(op, x.dim(3),
                y.dim(3)));
    }

    private void avgPoolBackward(AvgPool2dBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor dy = in.getFirst();
        Tensor dx = out.getFirst();
        axes(op, dy, dx, () -> PoolWeights.rows(op.pool(), dx.dim(2), dy.dim(2)).transposed(dx.dim(2)),
                () -> PoolWeights.columns(op.pool(), dx.dim(3), dy.dim(3)).transposed(dx.dim(3)));
    }

    private void adaptive(AdaptiveAvgPool2d op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        axes(op, x, y, () -> PoolWeights.cells(y.dim(2), x.dim(2)), () -> PoolWeights.cells(y.dim(3), x.dim(3)));
    }

    private void adaptiveBackward(AdaptiveAvgPool2dBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor dy = in.getFirst();
        Tensor dx = out.getFirst();
        axes(op, dy, dx, () -> PoolWeights.cells(dy.dim(2), dx.dim(2)).transposed(dx.dim(2)),
                () -> PoolWeights.cells(dy.dim(3), dx.dim(3)).transposed(dx.dim(3)));
    }

    private void resize(Resize op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        axes(op, x, y, () -> ResizeWeights.axis(op.filter(), x.dim(2), y.dim(2)),
                () -> ResizeWeights.axis(op.filter(), x.dim(3), y.dim(3)));
    }

    private void resizeBackward(ResizeBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor dy = in.getFirst();
        Tensor dx = out.getFirst();
        axes(op, dy, dx, () -> ResizeWeights.axis(op.filter(), dx.dim(2), dy.dim(2)).transposed(dx.dim(2)),
                () -> ResizeWeights.axis(op.filter(), dx.dim(3), dy.dim(3)).transposed(dx.dim(3)));
    }

    /** y = the map of x that weighs rows and columns as given; both images in y's layout. */
    private void axes(Op op, Tensor x, Tensor y, Supplier<AxisWeights> rows, Supplier<AxisWeights> columns) {
        List<Object> key = List.of(op, x.dim(2), x.dim(3), y.dim(2), y.dim(3));
        Launch launch = cuda.launch(RESAMPLE, "axes_" + y.dtype());
        image(launch, x.shape(), x.layout());
        image(launch, y.shape(), y.layout());
        launch.pointer(x).pointer(y).wide(y.size());
        tables.arguments(launch, key, rows, columns);
        launch.over(y.size());
    }

    private void crop(AffineCropResize op, List<Tensor> in, List<Tensor> out) {
        Tensor y = out.getFirst();
        Launch launch = cuda.launch(RESAMPLE, "crop_f32");
        image(launch, in.getFirst().shape(), in.getFirst().layout());
        image(launch, y.shape(), y.layout());
        launch.pointer(in.get(0)).pointer(in.get(1)).pointer(in.get(2)).pointer(y).wide(y.size());
        filter(launch, op, op).over(y.size());
    }

    private void cropBackward(AffineCropResizeBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor dx = out.getFirst();
        Launch launch = cuda.launch(RESAMPLE, "crop_backward_f32");
        image(launch, dx.shape(), dx.layout());
        image(launch, in.getFirst().shape(), in.getFirst().layout());
        launch.pointer(in.get(0)).pointer(in.get(1)).pointer(in.get(2)).pointer(dx).wide(dx.size());
        filter(launch, op.forward(), op).over(dx.size());
    }

    /** {@code struct Image}. */
    private static void image(Launch launch, Shape shape, Layout layout) {
        launch.integers(shape.dim(0), shape.dim(1), shape.dim(2), shape.dim(3), layout == Layout.NHWC ? 1 : 0);
    }

    private Launch filter(Launch launch, AffineCropResize crop, Op named) {
        return launch.integer(crop.filter() == AffineCropResize.Filter.NEAREST ? 1 : 0)
                .integer(crop.border() == AffineCropResize.Border.RENORMALIZE ? 1 : 0)
                .integer(Faults.kind(named.name())).address(cuda.faults().address());
    }
}
