package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.osteon.engine.backend.onednn.vector.MaxPoolRows.Axis;
import dev.osteon.engine.op.MaxPool2d;
import dev.osteon.engine.op.MaxPool2dBackward;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Max-pooling and its gradient, a row of results at a time: channels-last images in vectors ({@link MaxPoolRows}),
 * other ones element by element.
 */
final class MaxPool {

    private MaxPool() {}

    static void forward(MaxPool2d op, List<Tensor> in, List<Tensor> out) {
        Image x = Image.of(in.getFirst());
        Image y = Image.of(out.get(0));
        Image places = Image.of(out.get(1));
        int samples = out.get(0).dim(0);
        if (!areRows(x, y, places)) {
            y.eachRow(samples, () -> (n, h) -> maximum(op, x, y, places, n, h));
        } else if (x.type() == DType.BF16) {
            y.eachRow(samples, () -> MaxPoolRows.maximum(new MaxPoolPairs(), op, x, y, places));
        } else {
            y.eachRow(samples, () -> MaxPoolRows.maximum(new MaxPoolFloats(), op, x, y, places));
        }
    }

    static void backward(MaxPool2dBackward op, List<Tensor> in, List<Tensor> out) {
        Image dy = Image.of(in.get(0));
        Image places = Image.of(in.get(1));
        Image dx = Image.of(out.getFirst());
        int samples = out.getFirst().dim(0);
        MaxPool2d pool = op.pool();
        if (!areRows(dy, dx, places)) {
            dx.eachRow(samples, () -> (n, h) -> gradient(pool, dy, places, dx, n, h));
        } else if (dx.type() == DType.BF16) {
            dx.eachRow(samples, () -> MaxPoolRows.gradient(new MaxPoolPairs(), pool, dy, places, dx));
        } else {
            dx.eachRow(samples, () -> MaxPoolRows.gradient(new MaxPoolFloats(), pool, dy, places, dx));
        }
    }

    /** Whether pixels lie one after the other, and each fills vectors. */
    private static boolean areRows(Image image, Image other, Image places) {
        int vector = image.type() == DType.BF16 ? Bfloat16.PAIRED : Lanes.COUNT;
        return image.sc() == 1 && other.sc() == 1 && places.sc() == 1 && image.channels() % vector == 0
                && Lanes.BYTES.isPresent();
    }

    private static void maximum(MaxPool2d op, Image x, Image y, Image places, int n, int h) {
        Axis vertical = Axis.vertical(op);
        Axis across = Axis.across(op);
        for (int w = 0; w < y.width(); w++) {
            for (int c = 0; c < y.channels(); c++) {
                float best = Float.NEGATIVE_INFINITY;
                int where = -1;
                for (int i = vertical.firstPlace(h); i < vertical.endPlace(h, x.height()); i++) {
                    for (int j = across.firstPlace(w); j < across.endPlace(w, x.width()); j++) {
                        float v = x.get(x.at(n, c, vertical.start(h) + i, across.start(w) + j));
                        if (where < 0 || !(v <= best) && best == best) {        // NaN wins, and stays
                            best = v;
                            where = i * across.kernel() + j;
                        }
                    }
                }
                y.put(y.at(n, c, h, w), best);
                places.data().set(JAVA_BYTE, places.at(n, c, h, w), (byte) where);
            }
        }
    }

    private static void gradient(MaxPool2d op, Image dy, Image places, Image dx, int n, int h) {
        Axis vertical = Axis.vertical(op);
        Axis across = Axis.across(op);
        float[] sums = new float[dx.channels()];
        for (int w = 0; w < dx.width(); w++) {
            Arrays.fill(sums, 0);
            for (int i = vertical.kernel() - 1; i >= 0; i--) {
                for (int oh = vertical.firstWindow(i, h); oh < vertical.endWindow(i, h, dy.height()); oh++) {
                    for (int j = across.kernel() - 1; j >= 0; j--) {
                        for (int ow = across.firstWindow(j, w); ow < across.endWindow(j, w, dy.width()); ow++) {
                            addWhere(dy, places, n, oh, ow, (byte) (i * across.kernel() + j), sums);
                        }
                    }
                }
            }
            dx.put(n, h, w, sums);
        }
    }

    private static void addWhere(Image dy, Image places, int n, int h, int w, byte place, float[] sums) {
        for (int c = 0; c < sums.length; c++) {
            float value = dy.get(dy.at(n, c, h, w));
            sums[c] += places.data().get(JAVA_BYTE, places.at(n, c, h, w)) == place ? value : 0;
        }
    }
}
