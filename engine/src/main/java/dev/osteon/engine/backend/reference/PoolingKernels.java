package dev.osteon.engine.backend.reference;

import dev.osteon.engine.backend.host.PoolWeights;
import dev.osteon.engine.op.AdaptiveAvgPool2d;
import dev.osteon.engine.op.AdaptiveAvgPool2dBackward;
import dev.osteon.engine.op.AvgPool2d;
import dev.osteon.engine.op.AvgPool2dBackward;
import dev.osteon.engine.op.MaxPool2d;
import dev.osteon.engine.op.MaxPool2dBackward;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Maxima and means over windows of [N, C, H, W]. */
final class PoolingKernels {

    private PoolingKernels() {}

    static void maxPool2d(MaxPool2d op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor image = inputs.getFirst();
        Tensor result = outputs.getFirst();
        double[] x = Elements.doubles(image);
        double[] y = new double[Elements.count(result)];
        long[] place = new long[y.length];
        int width = image.dim(3);
        for (int at = 0; at < y.length; at++) {
            int top = at / result.dim(3) % result.dim(2) * op.stride().height() - op.padding().height();
            int left = at % result.dim(3) * op.stride().width() - op.padding().width();
            int plane = at / (result.dim(2) * result.dim(3)) * image.dim(2) * width;
            int best = -1;                             // every window has a pixel: padding is at most half of it
            for (int row = Math.max(0, top); row < Math.min(image.dim(2), top + op.kernel().height()); row++) {
                for (int column = Math.max(0, left); column < Math.min(width, left + op.kernel().width()); column++) {
                    int here = plane + row * width + column;
                    if (best < 0 || ReductionKernels.exceeds(x[here], x[best])) {
                        best = here;
                        place[at] = (long) (row - top) * op.kernel().width() + column - left;
                    }
                }
            }
            y[at] = x[best];
        }
        Elements.write(outputs.get(0), y);
        Elements.write(outputs.get(1), place);
    }

    static void maxPool2dBackward(MaxPool2dBackward op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor gradient = inputs.getFirst();
        MaxPool2d pool = op.pool();
        double[] dy = Elements.doubles(gradient);
        long[] place = Elements.integers(inputs.get(1));
        double[] dx = new double[Elements.count(outputs.getFirst())];
        for (int at = 0; at < dy.length; at++) {
            int row = at / gradient.dim(3) % gradient.dim(2) * pool.stride().height() - pool.padding().height()
                    + (int) place[at] / pool.kernel().width();
            int column = at % gradient.dim(3) * pool.stride().width() - pool.padding().width()
                    + (int) place[at] % pool.kernel().width();
            int plane = at / (gradient.dim(2) * gradient.dim(3)) * op.image().height() * op.image().width();
            dx[plane + row * op.image().width() + column] += dy[at];
        }
        Elements.write(outputs.getFirst(), dx);
    }

    static void avgPool2d(AvgPool2d op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor x = inputs.getFirst();
        Tensor y = outputs.getFirst();
        AxisMap.apply(x, y, PoolWeights.rows(op, x.dim(2), y.dim(2)), PoolWeights.columns(op, x.dim(3), y.dim(3)));
    }

    static void avgPool2dBackward(AvgPool2dBackward op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor dy = inputs.getFirst();
        Tensor dx = outputs.getFirst();
        AxisMap.transpose(dy, dx, PoolWeights.rows(op.pool(), dx.dim(2), dy.dim(2)),
                PoolWeights.columns(op.pool(), dx.dim(3), dy.dim(3)));
    }

    static void adaptiveAvgPool2d(AdaptiveAvgPool2d op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor x = inputs.getFirst();
        Tensor y = outputs.getFirst();
        AxisMap.apply(x, y, PoolWeights.cells(y.dim(2), x.dim(2)), PoolWeights.cells(y.dim(3), x.dim(3)));
    }

    static void adaptiveAvgPool2dBackward(AdaptiveAvgPool2dBackward op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor dy = inputs.getFirst();
        Tensor dx = outputs.getFirst();
        AxisMap.transpose(dy, dx, PoolWeights.cells(dy.dim(2), dx.dim(2)), PoolWeights.cells(dy.dim(3), dx.dim(3)));
    }
}
