package dev.osteon.engine.backend.onednn;

import dev.osteon.engine.backend.onednn.vector.WinogradTiles;
import dev.osteon.engine.backend.onednn.vector.WinogradTiles.Kernel;
import dev.osteon.engine.memory.MemorySource;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/**
 * Convolutions of 3×3 in a quarter of the multiplications: Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray,
 * CVPR 2016). 36 products of matrices, which oneDNN takes, stand between transforms of our own; the gradient of the
 * input is a convolution with rotated kernels, that of the weights F(3×3, 4×4) with dy's tiles as the filters.
 *
 * <p>Float32 only: the transforms round, too, which leaves some 1e-6 of the results' root mean square in float32 and
 * which bfloat16 could not afford. Images go through in groups whose matrices stay in the caches.
 */
final class WinogradConvolution {

    private static final Window KERNEL = Window.square(3);
    /** With fewer, transforms cost what the products save. */
    private static final int FEWEST_CHANNELS = 64;
    /** With fewer rows the weights' 36 matrices cost more to make and to read than the products save. */
    private static final int FEWEST_TILES = 64;
    /** Wanted results of a tile's 16, on average: pictures of 3×3 and 6×6 pixels waste too many. */
    private static final int FEWEST_RESULTS = 10;
    /** Of both matrices of a group: they stay in the last-level cache. */
    private static final int MOST_BYTES = 6 << 20;
    /** Of a group, where there are so many: with fewer rows the products are slower. */
    private static final int ENOUGH_TILES = 256;
    private static final int ALIGNMENT = 64;

    private static final MemorySource MEMORY = HugePages.orPlain();
    private static final Map<Product, Primitive> PRODUCTS = new HashMap<>();

    /**
     * Guards the workspace. Not {@link Dnnl#LOCK}, which the loops in between take for their threads after a lock of
     * their own.
     */
    private static final Object WORKSPACE_LOCK = new Object();
    private static MemorySegment workspace = MemorySegment.NULL;

    private WinogradConvolution() {}

    /** Whether this way is taken: where it can be, and where it was measured to be faster. */
    static boolean takes(Conv2d op, TensorSpec x, Window kernel, TensorSpec y) {
        return kernel.equals(KERNEL) && op.stride().equals(Window.ONE) && op.dilation().equals(Window.ONE)
                && op.groups() == 1 && op.padding().height() < 3 && op.padding().width() < 3
                && op.epilogue() != Epilogue.GELU && x.dtype() == DType.F32
                && x.layout() == Layout.NHWC && y.layout() == Layout.NHWC && fits(x.dim(1)) && fits(y.dim(1))
                && pays(y);
    }

    private static boolean fits(int channels) {
        return channels >= FEWEST_CHANNELS && channels % WinogradTiles.CHANNELS == 0;
    }

    private static boolean pays(TensorSpec y) {
        long tiles = new WinogradTiles(y.dim(0), y.dim(2), y.dim(3)).count();
        long results = (long) y.dim(0) * y.dim(2) * y.dim(3);
        return tiles >= FEWEST_TILES && results >= FEWEST_RESULTS * tiles;
    }

    /** y = x ∗ w + bias, with the epilogue. */
    static void forward(Conv2d op, Tensor x, Tensor w, float[] bias, Tensor y) {
        float floor = op.epilogue() == Epilogue.RELU ? 0 : Float.NEGATIVE_INFINITY;
        filter(x, op.padding(), w, Kernel.AS_IT_IS, bias, floor, y);
    }

    /** The gradient of {@code op}'s input, plus a bias. */
    static void backwardData(Conv2d op, Tensor dy, Tensor w, float[] bias, Tensor dx) {
        Window padding = new Window(2 - op.padding().height(), 2 - op.padding().width());
        filter(dy, padding, w, Kernel.ROTATED, bias, Float.NEGATIVE_INFINITY, dx);
    }

    private static void filter(Tensor x, Window padding, Tensor w, Kernel kernel, float[] bias, float floor,
            Tensor y) {
        Groups groups = Groups.of(x, y);
        Form form = kernel == Kernel.ROTATED ? Form.ROWS : Form.COLUMNS;
        synchronized (WORKSPACE_LOCK) {
            Buffers buffers = groups.buffers(x.dim(1), y.dim(1));
            WinogradTiles.weights(w, kernel, buffers.weights);
            for (int first = 0; first < groups.images; first += groups.size) {
                WinogradTiles tiles = groups.tiles(first);
                tiles.inputs(x, first, padding, buffers.inputs);
                product(new Product(form, tiles.count(), x.dim(1), y.dim(1)))
                        .run(buffers.inputs, buffers.weights, buffers.outputs);
                tiles.results(buffers.outputs, bias, floor, y, first);
            }
        }
    }

    /** The gradient of {@code op}'s weights. */
    static void backwardWeights(Conv2d op, Tensor x, Tensor dy, Tensor dw) {
        Groups groups = Groups.of(x, dy);
        synchronized (WORKSPACE_LOCK) {
            Buffers buffers = groups.buffers(x.dim(1), dy.dim(1));
            for (int first = 0; first < groups.images; first += groups.size) {
                WinogradTiles tiles = groups.tiles(first);
                tiles.inputs(x, first, op.padding(), buffers.inputs);
                tiles.gradients(dy, first, buffers.outputs);
                Form form = first == 0 ? Form.OUTER : Form.OUTER_ADDED;
                product(new Product(form, tiles.count(), x.dim(1), dy.dim(1)))
                        .run(buffers.outputs, buffers.inputs, buffers.weights);
            }
            WinogradTiles.weightGradients(buffers.weights, dw);
        }
    }

    /** Images by the group; height and width are those of the convolution's results. */
    private record Groups(int images, int height, int width, int size) {

        static Groups of(Tensor x, Tensor y) {
            int perImage = new WinogradTiles(1, y.dim(2), y.dim(3)).count();
            int cached = MOST_BYTES / (WinogradTiles.MATRICES * Float.BYTES * (x.dim(1) + y.dim(1)));
            return new Groups(y.dim(0), y.dim(2), y.dim(3), Math.max(1, Math.max(cached, ENOUGH_TILES) / perImage));
        }

        WinogradTiles tiles(int first) {
            return new WinogradTiles(Math.min(size, images - first), height, width);
        }

        Buffers buffers(int in, int out) {
            int tiles = tiles(0).count();
            return Buffers.of(WinogradTiles.floats(in, out), WinogradTiles.floats(tiles, in),
                    WinogradTiles.floats(tiles, out));
        }
    }

    /** Parts of the workspace. */
    private record Buffers(MemorySegment weights, MemorySegment inputs, MemorySegment outputs) {

        /** The workspace, grown if it must be, in parts of so many floats. */
        static Buffers of(long weights, long inputs, long outputs) {
            long second = aligned(Float.BYTES * weights);
            long third = aligned(second + Float.BYTES * inputs);
            long bytes = third + Float.BYTES * outputs;
            if (workspace.byteSize() < bytes) {
                if (workspace.byteSize() > 0) {
                    MEMORY.surrender(workspace);
                    workspace = MemorySegment.NULL;
                }
                workspace = MEMORY.acquire(bytes);
            }
            return new Buffers(workspace.asSlice(0, second), workspace.asSlice(second, third - second),
                    workspace.asSlice(third));
        }

        private static long aligned(long bytes) {
            return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        }
    }

    /** What is multiplied, 36 times; t tiles, c channels in and o out. */
    private enum Form {
        /** [t, c] · [o, c]ᵀ. */
        COLUMNS,
        /** [t, c] · [c, o]. */
        ROWS,
        /** [t, o]ᵀ · [t, c]. */
        OUTER,
        /** The same, added to what is there. */
        OUTER_ADDED
    }

    private record Product(Form form, int tiles, int in, int out) {}

    private static Primitive product(Product key) {
        synchronized (Dnnl.LOCK) {
            return PRODUCTS.computeIfAbsent(key, WinogradConvolution::create);
        }
    }

    private static Primitive create(Product p) {
        MemorySegment descriptor = switch (p.form) {
            case COLUMNS -> Dnnl.matmul(matrices(p.tiles, p.in), transposed(p.out, p.in), MemorySegment.NULL,
                    matrices(p.tiles, p.out), Epilogue.NONE);
            case ROWS -> Dnnl.matmul(matrices(p.tiles, p.in), matrices(p.in, p.out), MemorySegment.NULL,
                    matrices(p.tiles, p.out), Epilogue.NONE);
            case OUTER -> Dnnl.matmul(transposed(p.tiles, p.out), matrices(p.tiles, p.in), MemorySegment.NULL,
                    matrices(p.out, p.in), Epilogue.NONE);
            case OUTER_ADDED -> Dnnl.matmulAdded(transposed(p.tiles, p.out), matrices(p.tiles, p.in),
                    matrices(p.out, p.in));
        };
        return new Primitive(descriptor, Dnnl.SRC, Dnnl.WEIGHTS, Dnnl.DST);
    }

    private static MemorySegment matrices(long rows, long columns) {
        return Dnnl.descriptor(Dnnl.F32, new long[] {WinogradTiles.MATRICES, rows, columns},
                new long[] {WinogradTiles.step(rows, columns), columns, 1});
    }

    /** The transposes of matrices [rows, columns]. */
    private static MemorySegment transposed(long rows, long columns) {
        return Dnnl.descriptor(Dnnl.F32, new long[] {WinogradTiles.MATRICES, columns, rows},
                new long[] {WinogradTiles.step(rows, columns), 1, columns});
    }
}
