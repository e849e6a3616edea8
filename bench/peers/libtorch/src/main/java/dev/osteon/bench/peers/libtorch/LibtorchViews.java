package dev.osteon.bench.peers.libtorch;

import static dev.osteon.bench.peers.libtorch.LibtorchLosses.of;
import static org.bytedeco.pytorch.global.torch.affine_grid_generator;
import static org.bytedeco.pytorch.global.torch.empty;
import static org.bytedeco.pytorch.global.torch.grid_sampler;
import static org.bytedeco.pytorch.global.torch.interpolate;
import static org.bytedeco.pytorch.global.torch.set_num_threads;
import static org.bytedeco.pytorch.global.torch.zeros;

import dev.osteon.engine.views.Crop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.InterpolateFuncOptions;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.kBilinear;

/**
 * Views as torchvision's transforms cut them from tensors, call by call: rotation of the whole image by
 * {@code grid_sample}, flips, crop, {@code interpolate} with antialiasing. One image at a time, as they are called, and
 * so as a DataLoader's workers: each with a thread of libtorch's, and as many as all may use.
 */
final class LibtorchViews implements AutoCloseable {

    private static final long BILINEAR = 0;
    private static final long ZEROS = 0;

    private final int threads;
    private final ExecutorService workers;

    /**
     * A view of an image.
     *
     * @param image      [1, 1, H, W]
     * @param degrees    that it is rotated by about its centre
     * @param mirrored   left and right
     * @param upsideDown top and bottom
     */
    record View(Tensor image, double degrees, boolean mirrored, boolean upsideDown, Crop crop) {}

    /**
     * Starts the workers. libtorch asks for its number of threads when a thread first computes: that is 1 for these,
     * and then {@code threads} for the caller.
     */
    LibtorchViews(int threads) {
        this.threads = threads;
        workers = Executors.newFixedThreadPool(threads, task -> {
            Thread thread = new Thread(task, "views");
            thread.setDaemon(true);
            return thread;
        });
        CyclicBarrier all = new CyclicBarrier(threads);        // so that each worker has one of the tasks
        run(worker -> () -> {
            set_num_threads(1);
            try (PointerScope scope = new PointerScope(); NoGradGuard guard = new NoGradGuard()) {
                Tensor black = zeros(1, 1, 256, 256);
                cut(new View(black, 10, false, false, new Crop(0, 0, 256, 256)), 256);
            }
            all.await();
            return null;
        });
        set_num_threads(threads);
    }

    /** The views as a batch [n, 1, size, size]. */
    Tensor cut(List<View> views, int size) {
        Tensor batch = empty(views.size(), 1, size, size);
        run(worker -> () -> {
            for (int i = worker; i < views.size(); i += threads) {
                try (PointerScope scope = new PointerScope(); NoGradGuard guard = new NoGradGuard()) {
                    batch.narrow(0, i, 1).copy_(cut(views.get(i), size));
                }
            }
            return null;
        });
        return batch;
    }

    private void run(IntFunction<Callable<Void>> task) {
        List<Callable<Void>> tasks = new ArrayList<>();
        for (int worker = 0; worker < threads; worker++) {
            tasks.add(task.apply(worker));
        }
        try {
            for (Future<Void> done : workers.invokeAll(tasks)) {
                done.get();
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("libtorch's views: " + e.getCause().getMessage(), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("libtorch's views: interrupted", e);
        }
    }

    private static Tensor cut(View view, int size) {
        double height = view.image.size(2);
        double width = view.image.size(3);
        double angle = Math.toRadians(view.degrees);
        float cos = (float) Math.cos(angle);
        double sin = Math.sin(angle);
        Tensor theta = of(new float[] {cos, (float) (sin * height / width), 0, (float) (-sin * width / height), cos,
            0}, 1, 2, 3);
        Tensor grid = affine_grid_generator(theta, new long[] {1, 1, (long) height, (long) width}, false);
        Tensor rotated = grid_sampler(view.image, grid, BILINEAR, ZEROS, false);
        Tensor across = view.mirrored ? rotated.flip(3) : rotated;
        Tensor flipped = view.upsideDown ? across.flip(2) : across;
        Crop crop = view.crop;
        return interpolate(flipped.narrow(2, crop.top(), crop.height()).narrow(3, crop.left(), crop.width()),
                bilinear(size));
    }

    private static InterpolateFuncOptions bilinear(int size) {
        InterpolateFuncOptions options = new InterpolateFuncOptions();
        options.size().put(new LongVector(size, size));
        options.mode().put(new kBilinear());
        options.align_corners().put(new BoolOptional(false));
        options.antialias().put(true);
        return options;
    }

    @Override
    public void close() {
        workers.shutdown();
    }
}
