package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.host.ResizeWeights.axis;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.backend.host.AxisWeights;
import dev.osteon.engine.op.Resize;
import dev.osteon.engine.op.ResizeBackward;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Resizing, first down the rows and then along them, a row of the result at a time; and its transpose likewise. */
final class ResizeKernels {

    private static final int GRAIN = 1 << 13;   // elements of the result

    private ResizeKernels() {}

    static void register(Registry registry) {
        registry.floats(Resize.class, Layouts.ANY, ResizeKernels::resize)
                .floats(ResizeBackward.class, Layouts.ANY, ResizeKernels::backward);
    }

    private static void resize(Resize op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        apply(x, y, axis(op.filter(), x.dim(2), y.dim(2)), axis(op.filter(), x.dim(3), y.dim(3)));
    }

    private static void backward(ResizeBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor dy = in.getFirst();
        Tensor dx = out.getFirst();
        apply(dy, dx, axis(op.filter(), dx.dim(2), dy.dim(2)).transposed(dx.dim(2)),
                axis(op.filter(), dx.dim(3), dy.dim(3)).transposed(dx.dim(3)));
    }

    /** A pixel is all its channels where these lie together, otherwise each channel is an image of its own. */
    private static void apply(Tensor x, Tensor y, AxisWeights rows, AxisWeights columns) {
        int pixel = x.layout() == Layout.NHWC ? x.dim(1) : 1;
        int from = x.dim(3) * pixel;
        int to = y.dim(3) * pixel;
        int height = y.dim(2);
        Strip source = Strip.of(x);
        Strip target = Strip.of(y);
        Parallel.forRange(to == 0 ? 0 : y.size() / to, Math.max(1, GRAIN / Math.max(1, to)), (start, end) -> {
            double[] line = new double[from];
            double[] blended = new double[from];
            double[] result = new double[to];
            for (long row = start; row < end; row++) {
                int h = (int) (row % height);
                long first = row / height * x.dim(2) + rows.first()[h];
                Arrays.fill(blended, 0);
                for (int i = 0; i < rows.weights()[h].length; i++) {
                    source.read((first + i) * from, 1, line, from);
                    add(rows.weights()[h][i], line, 0, blended, 0, from);
                }
                along(columns, blended, pixel, result);
                target.write(result, to, row * to, 1);
            }
        });
    }

    private static void along(AxisWeights columns, double[] line, int pixel, double[] result) {
        Arrays.fill(result, 0);
        for (int w = 0; w < columns.first().length; w++) {
            double[] weights = columns.weights()[w];
            int first = columns.first()[w];
            for (int j = 0; j < weights.length; j++) {
                if (pixel == 1) {
                    result[w] += weights[j] * line[first + j];
                } else {
                    add(weights[j], line, (first + j) * pixel, result, w * pixel, pixel);
                }
            }
        }
    }

    private static void add(double weight, double[] x, int from, double[] y, int to, int n) {
        for (int i = 0; i < n; i++) {
            y[to + i] += weight * x[from + i];
        }
    }
}
