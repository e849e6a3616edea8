package dev.osteon.bench.peers.libtorch;

import static org.bytedeco.pytorch.global.torch.randn;

import dev.osteon.bench.Work;
import dev.osteon.bench.kernel.CropResizeBenchmark;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/** A batch's views by {@link LibtorchViews}: rotated as far, and as much of the segments in them. */
final class LibtorchCropResize implements Work {

    private final PointerScope scope = new PointerScope();
    private final LibtorchViews cutter;
    private final List<LibtorchViews.View> views;
    private final int side;

    LibtorchCropResize(CropResizeBenchmark benchmark, int threads) {
        cutter = new LibtorchViews(threads);
        side = benchmark.side();
        List<Tensor> segments = IntStream.range(0, CropResizeBenchmark.SEGMENTS)
                .mapToObj(i -> randn(1, 1, CropResizeBenchmark.CANVAS, CropResizeBenchmark.CANVAS)).toList();
        views = IntStream.range(0, benchmark.count()).mapToObj(i -> new LibtorchViews.View(
                segments.get(i % segments.size()), benchmark.degrees(i), false, false, benchmark.crop(i))).toList();
    }

    @Override
    public void run() {
        try (PointerScope step = new PointerScope()) {
            cutter.cut(views, side);
        }
    }

    @Override
    public void close() {
        cutter.close();
        scope.close();
    }
}
