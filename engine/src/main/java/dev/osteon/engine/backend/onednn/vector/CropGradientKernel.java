package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.backend.host.Indices;
import dev.osteon.engine.op.AffineCropResizeBackward;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * The transpose of {@link CropKernels}. A thread owns rows of the images and looks at every view of them; each of its
 * pixels is added to in the order of the views and of their pixels, whichever thread that is.
 */
final class CropGradientKernel {

    private static final int GRAIN = 16;   // rows of an image

    private CropGradientKernel() {}

    static void register(Registry registry) {
        registry.floats(AffineCropResizeBackward.class, Layouts.ANY, CropGradientKernel::backward);
    }

    private static void backward(AffineCropResizeBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor dx = out.getFirst();
        int height = dx.dim(2);
        double[] matrices = CropTaps.matrices(in.get(1));
        int[] numbers = Indices.indices(op, in.get(2), dx.dim(0));
        Parallel.forRange((long) dx.dim(0) * height, GRAIN, (from, to) -> {
            for (long row = from; row < to;) {
                int image = (int) (row / height);
                int first = (int) (row % height);
                int last = (int) Math.min(height, first + to - row);
                Band band = new Band(op, in.getFirst(), dx, first, last);
                for (int view = 0; view < numbers.length; view++) {
                    if (numbers[view] == image) {
                        band.add(view, matrices);
                    }
                }
                band.write(image);
                row += last - first;
            }
        });
    }

    /** Rows {@code first} to {@code last} − 1 of an image of gradients, in the image's own arrangement. */
    private static final class Band {
        private final Tensor dx;
        private final Strip dy;
        private final long[] s;
        private final int outputHeight;
        private final int outputWidth;
        private final int first;
        private final int last;
        private final int channelStep;
        private final int rowStep;
        private final int columnStep;
        private final double[] sums;
        private final CropTaps taps;

        Band(AffineCropResizeBackward op, Tensor upstream, Tensor dx, int first, int last) {
            this.dx = dx;
            this.first = first;
            this.last = last;
            dy = Strip.of(upstream);
            s = upstream.shape().strides(upstream.layout());
            outputHeight = upstream.dim(2);
            outputWidth = upstream.dim(3);
            long[] t = dx.shape().strides(dx.layout());
            rowStep = Math.toIntExact(t[2]);
            columnStep = Math.toIntExact(t[3]);
            channelStep = t[1] == 1 ? 1 : (last - first) * rowStep;
            sums = new double[Math.multiplyExact(dx.dim(1) * dx.dim(3), last - first)];
            taps = new CropTaps(op.forward(), dx.dim(2), dx.dim(3));
        }

        void add(int view, double[] matrices) {
            taps.view(matrices, 6 * view);
            for (int v = 0; v < outputHeight; v++) {
                for (int u = 0; u < outputWidth; u++) {
                    if (taps.mayTouch(u, v, first, last)) {
                        taps.pixel(u, v);
                        for (int c = 0; c < dx.dim(1); c++) {
                            long at = view * s[0] + c * s[1] + v * s[2] + u * s[3];
                            addPixel(c * channelStep, HostData.get(dy.data(), dy.dtype(), at));
                        }
                    }
                }
            }
        }

        private void addPixel(int plane, double g) {
            int end = Math.min(taps.countY, last - taps.firstY);
            for (int j = Math.max(0, first - taps.firstY); j < end; j++) {
                int line = plane + (taps.firstY + j - first) * rowStep + taps.firstX * columnStep;
                double weighted = taps.weightsY[j] * g;
                for (int i = 0; i < taps.countX; i++) {
                    sums[line + i * columnStep] += taps.weightsX[i] * weighted;
                }
            }
        }

        void write(int image) {
            long[] t = dx.shape().strides(dx.layout());
            long start = image * t[0] + first * t[2];
            if (channelStep == 1) {
                Strip.of(dx).write(sums, sums.length, start, 1);
                return;
            }
            for (int c = 0; c < dx.dim(1); c++) {
                double[] plane = Arrays.copyOfRange(sums, c * channelStep, (c + 1) * channelStep);
                Strip.of(dx).write(plane, plane.length, start + c * t[1], 1);
            }
        }
    }
}
