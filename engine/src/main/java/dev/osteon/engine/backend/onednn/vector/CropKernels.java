package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.EnumSet;
import java.util.List;

/**
 * Views through affine maps, of float32 or 16-bit grey levels: threads share the views' rows, each output pixel is one
 * weighted gather.
 */
final class CropKernels {

    private CropKernels() {}

    static void register(KernelTable table) {
        // what is not floating comes as it is: u16
        table.put(AffineCropResize.class, Layouts.ANY, EnumSet.of(DType.F32), CropKernels::crop);
    }

    private static void crop(AffineCropResize op, List<Tensor> in, List<Tensor> out) {
        Tensor images = in.get(0);
        Tensor views = out.getFirst();
        double[] matrices = CropTaps.matrices(in.get(1));
        int[] numbers = in.get(2).segment().toArray(ValueLayout.JAVA_INT);
        requireImages(numbers, images.dim(0));
        int height = views.dim(2);
        Parallel.forRange((long) views.dim(0) * height, 4, (from, to) -> {
            Gather gather = new Gather(op, images, views);
            for (long r = from; r < to; r++) {
                int view = (int) (r / height);
                gather.row(numbers[view], view, (int) (r % height), matrices);
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

    /** One thread's share: rows of views. */
    private static final class Gather {
        private final CropPixels source;
        private final MemorySegment target;
        private final long[] s;
        private final long[] t;
        private final int channels;
        private final int outputWidth;
        private final CropTaps taps;

        Gather(AffineCropResize op, Tensor images, Tensor views) {
            source = CropPixels.of(images);
            target = Lanes.global(views.segment());
            s = images.shape().strides(images.layout());
            t = views.shape().strides(views.layout());
            channels = images.dim(1);
            outputWidth = views.dim(3);
            taps = new CropTaps(op, images.dim(2), images.dim(3));
        }

        void row(int image, int view, int v, double[] matrices) {
            taps.view(matrices, view * 6);
            for (int u = 0; u < outputWidth; u++) {
                taps.pixel(u, v);
                for (int c = 0; c < channels; c++) {
                    long to = view * t[0] + c * t[1] + v * t[2] + u * t[3];
                    target.set(JAVA_FLOAT_UNALIGNED, to * Float.BYTES, source.sum(image * s[0] + c * s[1], taps));
                }
            }
        }
    }
}
