package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.AffineCropResize.Border;
import dev.osteon.engine.op.AffineCropResize.Filter;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.List;

/** Views through affine maps in float32: threads share the views' rows, each output pixel is one weighted gather. */
final class CropKernels {

    private CropKernels() {}

    static void register(KernelTable table) {
        table.put(AffineCropResize.class, Layouts.ANY, EnumSet.of(DType.F32), CropKernels::crop);
    }

    private static void crop(AffineCropResize op, List<Tensor> in, List<Tensor> out) {
        Tensor images = in.get(0);
        Tensor views = out.getFirst();
        float[] matrices = in.get(1).segment().toArray(ValueLayout.JAVA_FLOAT);
        int[] numbers = in.get(2).segment().toArray(ValueLayout.JAVA_INT);
        requireImages(numbers, images.dim(0));
        int height = views.dim(2);
        Parallel.forRange((long) views.dim(0) * height, 4, (from, to) -> {
            Gather gather = new Gather(op, images, views);
            for (long r = from; r < to; r++) {
                int view = (int) (r / height);
                gather.row(numbers[view], view, (int) (r % height), matrices, view * 6);
            }
        });
    }

    private static void requireImages(int[] numbers, int count) {
        for (int number : numbers) {
            if (number < 0 || number >= count) {
                throw new EngineException("affine crop-resize: given image number " + number + "; expected 0 to "
                        + (count - 1));
            }
        }
    }

    /** One thread's working memory: the weights along each axis of one output pixel. */
    private static final class Gather {
        private final AffineCropResize op;
        private final MemorySegment source;
        private final MemorySegment target;
        private final long[] s;
        private final long[] t;
        private final int channels;
        private final int height;
        private final int width;
        private final int outputWidth;
        private float[] weightsX = new float[16];
        private float[] weightsY = new float[16];
        private int firstX;
        private int firstY;
        private int countX;
        private int countY;

        Gather(AffineCropResize op, Tensor images, Tensor views) {
            this.op = op;
            source = Lanes.global(images.segment());
            target = Lanes.global(views.segment());
            s = images.shape().strides(images.layout());
            t = views.shape().strides(views.layout());
            channels = images.dim(1);
            height = images.dim(2);
            width = images.dim(3);
            outputWidth = views.dim(3);
        }

        void row(int image, int view, int v, float[] m, int at) {
            double sx = Math.max(1, Math.hypot(m[at], m[at + 1]));
            double sy = Math.max(1, Math.hypot(m[at + 3], m[at + 4]));
            for (int u = 0; u < outputWidth; u++) {
                double xs = (double) m[at] * u + (double) m[at + 1] * v + m[at + 2];
                double ys = (double) m[at + 3] * u + (double) m[at + 4] * v + m[at + 5];
                weights(xs, ys, sx, sy);
                for (int c = 0; c < channels; c++) {
                    long to = view * t[0] + c * t[1] + v * t[2] + u * t[3];
                    target.set(JAVA_FLOAT_UNALIGNED, to * Float.BYTES, sum(image * s[0] + c * s[1]));
                }
            }
        }

        private float sum(long plane) {
            float sum = 0;
            for (int j = 0; j < countY; j++) {
                long line = plane + (firstY + j) * s[2] + firstX * s[3];
                float across = 0;
                for (int i = 0; i < countX; i++) {
                    across += weightsX[i] * source.get(JAVA_FLOAT_UNALIGNED, (line + i * s[3]) * Float.BYTES);
                }
                sum += weightsY[j] * across;
            }
            return sum;
        }

        private void weights(double xs, double ys, double sx, double sy) {
            if (op.filter() == Filter.NEAREST) {
                firstX = (int) Math.rint(xs);
                firstY = (int) Math.rint(ys);
                countX = firstX >= 0 && firstX < width ? 1 : 0;
                countY = firstY >= 0 && firstY < height ? 1 : 0;
                weightsX[0] = 1;
                weightsY[0] = 1;
                return;
            }
            int mostX = (int) Math.ceil(2 * sx) + 1;
            int mostY = (int) Math.ceil(2 * sy) + 1;
            if (weightsX.length < mostX) {
                weightsX = new float[mostX];
            }
            if (weightsY.length < mostY) {
                weightsY = new float[mostY];
            }
            firstX = Math.max(0, (int) Math.floor(xs - sx) + 1);
            countX = axis(xs, sx, firstX, width, weightsX);
            firstY = Math.max(0, (int) Math.floor(ys - sy) + 1);
            countY = axis(ys, sy, firstY, height, weightsY);
        }

        /** Triangle weights of positions {@code first} … inside the image, divided as the border asks. */
        private int axis(double centre, double support, int first, int size, float[] weights) {
            double low = Math.floor(centre - support) + 1;
            double high = Math.ceil(centre + support) - 1;
            int last = (int) Math.min(size - 1, high);
            double sum = 0;
            double inside = 0;
            for (double i = low; i <= high; i++) {
                double w = 1 - Math.abs(i - centre) / support;
                sum += w;
                if (i >= 0 && i < size) {
                    inside += w;
                    weights[(int) i - first] = (float) w;
                }
            }
            int count = Math.max(0, last - first + 1);
            double divisor = op.border() == Border.ZERO ? sum : inside;
            float scale = divisor > 0 ? (float) (1 / divisor) : 0;
            for (int i = 0; i < count; i++) {
                weights[i] *= scale;
            }
            return count;
        }
    }
}
