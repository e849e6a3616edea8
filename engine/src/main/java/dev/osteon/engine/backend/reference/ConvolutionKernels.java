package dev.osteon.engine.backend.reference;

import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Conv2dBackwardWeights;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.ConvTranspose2dOnto;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * A convolution is a sum over the places of its kernel ("taps"): y = Σ W·S(x), where S takes to each pixel of y the
 * pixel of x that the tap sees from there, and W [O, C] are the tap's weights. Then the transposed convolution is
 * x = Σ Sᵀ(Wᵀ·y), and the gradient of W is dy·S(x)ᵀ. Images are matrices [channels, pixels of the whole batch].
 */
final class ConvolutionKernels {

    private ConvolutionKernels() {}

    static void conv2d(Conv2d op, List<Tensor> inputs, List<Tensor> outputs) {
        Shape weight = inputs.get(1).shape();
        double[] weights = Elements.doubles(inputs.get(1));
        Shape image = inputs.getFirst().shape();
        Shape result = outputs.getFirst().shape();
        Matrix x = channels(inputs.getFirst());
        Matrix y = bias(inputs, outputs.getFirst());
        for (int tap = 0; tap < weight.dim(2) * weight.dim(3); tap++) {
            int[] seen = seen(op, tap, weight.dim(3), image, result);
            for (int group = 0; group < op.groups(); group++) {
                Matrix w = weights(weights, weight, op.groups(), group, tap);
                y.addRows(group * w.rows(), w.times(x.rows(group * w.columns(), w.columns()).pick(seen)));
            }
        }
        PointwiseKernels.epilogue(op.epilogue(), y.values());
        write(outputs.getFirst(), y);
    }

    static void convTranspose2d(ConvTranspose2d op, List<Tensor> inputs, List<Tensor> outputs) {
        addTransposed(op, inputs, bias(inputs, outputs.getFirst()), outputs.getFirst());
    }

    static void convTranspose2dOnto(ConvTranspose2dOnto op, List<Tensor> inputs, List<Tensor> outputs) {
        addTransposed(op.transpose(), inputs, channels(inputs.get(2)), inputs.get(2));
    }

    private static void addTransposed(ConvTranspose2d op, List<Tensor> inputs, Matrix x, Tensor to) {
        Shape weight = inputs.get(1).shape();
        double[] weights = Elements.doubles(inputs.get(1));
        Shape image = to.shape();
        Shape result = inputs.getFirst().shape();
        Matrix y = channels(inputs.getFirst());
        for (int tap = 0; tap < weight.dim(2) * weight.dim(3); tap++) {
            int[] seen = seen(op.convolution(), tap, weight.dim(3), image, result);
            for (int group = 0; group < op.groups(); group++) {
                Matrix w = weights(weights, weight, op.groups(), group, tap);
                x.addColumns(group * w.columns(), seen, w.transposed().times(y.rows(group * w.rows(), w.rows())));
            }
        }
        write(to, x);
    }

    static void backwardWeights(Conv2dBackwardWeights op, List<Tensor> inputs, List<Tensor> outputs) {
        Shape weight = outputs.getFirst().shape();
        int groups = op.convolution().groups();
        int taps = weight.dim(2) * weight.dim(3);
        Matrix x = channels(inputs.get(0));
        Matrix dy = channels(inputs.get(1));
        double[] dw = new double[Elements.count(outputs.getFirst())];
        for (int tap = 0; tap < taps; tap++) {
            int[] seen = seen(op.convolution(), tap, weight.dim(3), inputs.get(0).shape(), inputs.get(1).shape());
            for (int group = 0; group < groups; group++) {
                int from = group * (weight.dim(0) / groups);
                Matrix d = dy.rows(from, weight.dim(0) / groups)
                        .times(x.rows(group * weight.dim(1), weight.dim(1)).pick(seen).transposed());
                for (int i = 0; i < d.values().length; i++) {
                    dw[(from * weight.dim(1) + i) * taps + tap] = d.values()[i];
                }
            }
        }
        Elements.write(outputs.getFirst(), dw);
    }

    /** For each pixel of y, over all images, the pixel of x under the tap; −1 where that is padding. */
    private static int[] seen(Conv2d op, int tap, int kernelWidth, Shape x, Shape y) {
        int down = tap / kernelWidth * op.dilation().height() - op.padding().height();
        int right = tap % kernelWidth * op.dilation().width() - op.padding().width();
        int[] seen = new int[y.dim(0) * y.dim(2) * y.dim(3)];
        for (int at = 0; at < seen.length; at++) {
            int image = at / (y.dim(2) * y.dim(3));
            int row = at / y.dim(3) % y.dim(2) * op.stride().height() + down;
            int column = at % y.dim(3) * op.stride().width() + right;
            boolean inside = row >= 0 && row < x.dim(2) && column >= 0 && column < x.dim(3);
            seen[at] = inside ? (image * x.dim(2) + row) * x.dim(3) + column : -1;
        }
        return seen;
    }

    /** A group's weights [O/groups, C/groups] at a tap. */
    private static Matrix weights(double[] values, Shape weight, int groups, int group, int tap) {
        int taps = weight.dim(2) * weight.dim(3);
        Matrix result = Matrix.zeros(weight.dim(0) / groups, weight.dim(1));
        int first = group * result.values().length;
        Arrays.setAll(result.values(), i -> values[(first + i) * taps + tap]);
        return result;
    }

    /** [N, C, H, W] as a matrix [C, N·H·W]. */
    private static Matrix channels(Tensor tensor) {
        double[] values = Elements.doubles(tensor);
        Matrix result = Matrix.zeros(tensor.dim(1), values.length / Math.max(1, tensor.dim(1)));
        Cursor from = channelsFirst(tensor.shape());
        Arrays.setAll(result.values(), i -> values[from.next()]);
        return result;
    }

    private static void write(Tensor tensor, Matrix channels) {
        double[] values = new double[channels.values().length];
        Cursor to = channelsFirst(tensor.shape());
        for (double value : channels.values()) {
            values[to.next()] = value;
        }
        Elements.write(tensor, values);
    }

    private static Cursor channelsFirst(Shape shape) {
        long[] strides = shape.strides(Layout.ROW_MAJOR);
        return new Cursor(Shape.of(shape.dim(1), shape.dim(0), shape.dim(2), shape.dim(3)),
                new long[] {strides[1], strides[0], strides[2], strides[3]});
    }

    /** The result before anything is added: the bias, if any, in each channel. */
    private static Matrix bias(List<Tensor> inputs, Tensor result) {
        Matrix values = Matrix.zeros(result.dim(1), Elements.count(result) / Math.max(1, result.dim(1)));
        if (inputs.size() == 3) {
            double[] bias = Elements.doubles(inputs.get(2));
            Arrays.setAll(values.values(), i -> bias[i / values.columns()]);
        }
        return values;
    }
}
