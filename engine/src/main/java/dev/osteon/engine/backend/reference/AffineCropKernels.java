package dev.osteon.engine.backend.reference;

import dev.osteon.engine.backend.host.AxisWeights.Taps;
import dev.osteon.engine.backend.host.Indices;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.AffineCropResize.Border;
import dev.osteon.engine.op.AffineCropResize.Filter;
import dev.osteon.engine.op.AffineCropResizeBackward;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/** Views of images through affine maps, and the transpose that takes gradients back to the images. */
final class AffineCropKernels {

    private static final Taps OUTSIDE = new Taps(0, new double[0]);

    private AffineCropKernels() {}

    static void crop(AffineCropResize op, List<Tensor> inputs, List<Tensor> outputs) {
        Shape images = inputs.getFirst().shape();
        MemorySegment x = inputs.getFirst().segment();      // may be more than an array holds, and mostly not looked at
        DType dtype = inputs.getFirst().dtype();
        double[] y = new double[Elements.count(outputs.getFirst())];
        int[] numbers = Indices.indices(op, inputs.get(2), images.dim(0));
        visit(op, images, inputs.getFirst().layout(), Elements.doubles(inputs.get(1)), numbers,
                (atY, atX, weight) -> y[atY] += weight * HostData.get(x, dtype, atX));
        Elements.write(outputs.getFirst(), y);
    }

    static void backward(AffineCropResizeBackward op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] dy = Elements.doubles(inputs.getFirst());
        double[] dx = new double[Elements.count(outputs.getFirst())];
        int[] numbers = Indices.indices(op, inputs.get(2), op.images().dim(0));
        visit(op.forward(), op.images(), Layout.ROW_MAJOR, Elements.doubles(inputs.get(1)), numbers,
                (atY, atX, weight) -> dx[(int) atX] += weight * dy[atY]);
        Elements.write(outputs.getFirst(), dx);
    }

    /** One term of the linear map: result pixel, source pixel, weight. */
    private interface Term {
        void at(int y, long x, double weight);
    }

    /** Result pixels by number in row-major order, those of the images by number in their layout. */
    private static void visit(AffineCropResize op, Shape images, Layout layout, double[] matrices, int[] numbers,
            Term term) {
        int height = op.output().height();
        int width = op.output().width();
        long[] s = images.strides(layout);
        for (int view = 0; view < numbers.length; view++) {
            double[] m = Arrays.copyOfRange(matrices, 6 * view, 6 * view + 6);
            for (int v = 0; v < height; v++) {
                for (int u = 0; u < width; u++) {
                    Taps columns = taps(op, m[0] * u + m[1] * v + m[2], Math.hypot(m[0], m[1]), images.dim(3));
                    Taps rows = taps(op, m[3] * u + m[4] * v + m[5], Math.hypot(m[3], m[4]), images.dim(2));
                    for (int c = 0; c < images.dim(1); c++) {
                        int pixel = ((view * images.dim(1) + c) * height + v) * width + u;
                        long plane = numbers[view] * s[0] + c * s[1];
                        for (int j = 0; j < rows.weights().length; j++) {
                            long row = plane + (rows.first() + j) * s[2] + columns.first() * s[3];
                            for (int i = 0; i < columns.weights().length; i++) {
                                term.at(pixel, row + i * s[3], rows.weights()[j] * columns.weights()[i]);
                            }
                        }
                    }
                }
            }
        }
    }

    /**
     * Weights of the pixels 0 … size − 1 around {@code centre}; {@code reduction} source pixels a pixel of the view.
     */
    private static Taps taps(AffineCropResize op, double centre, double reduction, int size) {
        if (op.filter() == Filter.NEAREST) {
            double nearest = Math.rint(centre);
            return nearest >= 0 && nearest < size ? new Taps((int) nearest, new double[] {1}) : OUTSIDE;
        }
        double spread = Math.max(1, reduction);
        int from = (int) Math.max(0, Math.ceil(centre - spread));
        int to = (int) Math.min(size - 1.0, Math.floor(centre + spread));
        if (from > to) {
            return OUTSIDE;
        }
        double[] weights = new double[to - from + 1];
        Arrays.setAll(weights, i -> triangle((from + i - centre) / spread));
        double sum = op.border() == Border.RENORMALIZE ? Arrays.stream(weights).sum() : unbounded(centre, spread);
        Arrays.setAll(weights, i -> sum > 0 ? weights[i] / sum : 0);
        return new Taps(from, weights);
    }

    /** Sum of the weights over all integers. */
    private static double unbounded(double centre, double spread) {
        double sum = 0;
        for (double i = Math.ceil(centre - spread); i <= centre + spread; i++) {
            sum += triangle((i - centre) / spread);
        }
        return sum;
    }

    private static double triangle(double t) {
        return Math.max(0, 1 - Math.abs(t));
    }
}
