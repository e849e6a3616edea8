package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.backend.host.AxisWeights;
import dev.osteon.engine.backend.host.PoolWeights;
import dev.osteon.engine.backend.host.ResizeWeights;
import dev.osteon.engine.op.AdaptiveAvgPool2d;
import dev.osteon.engine.op.AdaptiveAvgPool2dBackward;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.AffineCropResizeBackward;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Resize;
import dev.osteon.engine.op.ResizeBackward;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.function.Supplier;

/** Means over cells, resizing and views of images: {@code cuda/resample.cu}. */
record ImageKernels(CudaRuntime cuda, AxisTables tables, PoolKernels pools) {

    private static final String RESAMPLE = "resample";

    ImageKernels(CudaRuntime cuda) {
        this(cuda, new AxisTables(cuda), new PoolKernels(cuda));
    }

    void register(Registrar to) {
        pools.register(to);
        to.put(AdaptiveAvgPool2d.class, Layouts.ANY, Registrar.F32_OR_LOW, this::adaptive)
                .put(AdaptiveAvgPool2dBackward.class, Layouts.ANY, Registrar.F32_OR_LOW, this::adaptiveBackward)
                .put(Resize.class, Layouts.ANY, Registrar.F32_OR_LOW, this::resize)
                .put(ResizeBackward.class, Layouts.ANY, Registrar.F32_OR_LOW, this::resizeBackward)
                .put(AffineCropResize.class, Layouts.ANY, Registrar.F32, this::crop)
                .put(AffineCropResizeBackward.class, Layouts.ANY, Registrar.F32, this::cropBackward);
    }

    private void adaptive(AdaptiveAvgPool2d op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        if (whole(x, y)) {
            pools.average(cells(x, y), x, y);
            return;
        }
        axes(op, x, y, () -> PoolWeights.cells(y.dim(2), x.dim(2)), () -> PoolWeights.cells(y.dim(3), x.dim(3)));
    }

    private void adaptiveBackward(AdaptiveAvgPool2dBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor dy = in.getFirst();
        Tensor dx = out.getFirst();
        if (whole(dx, dy)) {
            pools.averageBackward(cells(dx, dy), dy, dx);
            return;
        }
        axes(op, dy, dx, () -> PoolWeights.cells(dy.dim(2), dx.dim(2)).transposed(dx.dim(2)),
                () -> PoolWeights.cells(dy.dim(3), dx.dim(3)).transposed(dx.dim(3)));
    }

    /** Whether all cells are of one size: then they are plain windows. */
    private static boolean whole(Tensor image, Tensor cells) {
        return image.dim(2) % cells.dim(2) == 0 && image.dim(3) % cells.dim(3) == 0;
    }

    private static PoolKernels.Windows cells(Tensor image, Tensor cells) {
        Window size = new Window(image.dim(2) / cells.dim(2), image.dim(3) / cells.dim(3));
        return new PoolKernels.Windows(size, size, new Window(0, 0), true);
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
        Launch launch = cuda.launch(RESAMPLE, "crop_" + in.getFirst().dtype());
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
