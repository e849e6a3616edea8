package dev.osteon.engine.backend.reference;

import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Conv2dBackwardWeights;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/**
 * A convolution is a set of triples (pixel of x, weight, pixel of y) with y = Σ weight·x over the triples of each y.
 * Its transpose sums weight·y over the triples of each x, its weights' gradient x·y over those of each weight.
 */
final class ConvolutionKernels {

    private ConvolutionKernels() {}

    static void conv2d(Conv2d op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] x = Elements.doubles(inputs.get(0));
        double[] weight = Elements.doubles(inputs.get(1));
        double[] y = withBias(inputs, outputs.getFirst());
        visit(op, inputs.get(0).shape(), inputs.get(1).shape(), outputs.getFirst().shape(), (atX, step, w, atY, n) -> {
            for (int i = 0; i < n; i++) {
                y[atY + i] += weight[w] * x[atX + i * step];
            }
        });
        Elements.write(outputs.getFirst(), y);
    }

    static void convTranspose2d(ConvTranspose2d op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] y = Elements.doubles(inputs.get(0));
        double[] weight = Elements.doubles(inputs.get(1));
        double[] x = withBias(inputs, outputs.getFirst());
        visit(op.convolution(), outputs.getFirst().shape(), inputs.get(1).shape(), inputs.get(0).shape(),
                (atX, step, w, atY, n) -> {
                    for (int i = 0; i < n; i++) {
                        x[atX + i * step] += weight[w] * y[atY + i];
                    }
                });
        Elements.write(outputs.getFirst(), x);
    }

    static void backwardWeights(Conv2dBackwardWeights op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] x = Elements.doubles(inputs.get(0));
        double[] dy = Elements.doubles(inputs.get(1));
        double[] dw = new double[Elements.count(outputs.getFirst())];
        visit(op.convolution(), inputs.get(0).shape(), outputs.getFirst().shape(), inputs.get(1).shape(),
                (atX, step, w, atY, n) -> {
                    double sum = 0;
                    for (int i = 0; i < n; i++) {
                        sum += x[atX + i * step] * dy[atY + i];
                    }
                    dw[w] += sum;
                });
        Elements.write(outputs.getFirst(), dw);
    }

    private static double[] withBias(List<Tensor> inputs, Tensor result) {
        double[] values = new double[Elements.count(result)];
        if (inputs.size() == 3) {
            double[] bias = Elements.doubles(inputs.get(2));
            Axis channel = Axis.of(result.shape(), 1);
            for (int i = 0; i < values.length; i++) {
                values[i] = bias[i / channel.inner() % channel.size()];
            }
        }
        return values;
    }

    /** A run of triples along an output row: n pixels of y from {@code y} on, of x from {@code x} on in steps. */
    private interface Run {
        void over(int x, int step, int weight, int y, int n);
    }

    private static void visit(Conv2d op, Shape x, Shape weight, Shape y, Run run) {
        int outputsPerGroup = weight.dim(0) / op.groups();
        for (int image = 0; image < y.dim(0); image++) {
            for (int o = 0; o < weight.dim(0); o++) {
                int planeY = (image * y.dim(1) + o) * y.dim(2) * y.dim(3);
                for (int c = 0; c < weight.dim(1); c++) {
                    int channel = o / outputsPerGroup * weight.dim(1) + c;
                    int planeX = (image * x.dim(1) + channel) * x.dim(2) * x.dim(3);
                    int kernel = (o * weight.dim(1) + c) * weight.dim(2) * weight.dim(3);
                    visitPlane(op, x, weight, y, (atX, step, w, atY, n) ->
                            run.over(planeX + atX, step, kernel + w, planeY + atY, n));
                }
            }
        }
    }

    private static void visitPlane(Conv2d op, Shape x, Shape weight, Shape y, Run run) {
        int stride = op.stride().width();
        for (int i = 0; i < weight.dim(2); i++) {
            for (int j = 0; j < weight.dim(3); j++) {
                int shift = j * op.dilation().width() - op.padding().width();      // column of x for column 0 of y
                int first = Math.max(0, Math.ceilDiv(-shift, stride));
                int last = Math.min(y.dim(3) - 1, Math.floorDiv(x.dim(3) - 1 - shift, stride));
                for (int row = 0; row < y.dim(2) && first <= last; row++) {
                    int source = row * op.stride().height() + i * op.dilation().height() - op.padding().height();
                    if (source >= 0 && source < x.dim(2)) {
                        run.over(source * x.dim(3) + first * stride + shift, stride, i * weight.dim(3) + j,
                                row * y.dim(3) + first, last - first + 1);
                    }
                }
            }
        }
    }
}
