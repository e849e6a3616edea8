package dev.osteon.engine.backend.onednn.vector;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.AdaptiveAvgPool2d;
import dev.osteon.engine.op.AdaptiveAvgPool2dBackward;
import dev.osteon.engine.op.AvgPool2d;
import dev.osteon.engine.op.AvgPool2dBackward;
import dev.osteon.engine.op.MaxPool2d;
import dev.osteon.engine.op.MaxPool2dBackward;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Pooling in float32 in any layout. Each pass gathers: a thread owns rows of what it writes, so nothing is added
 * concurrently and results do not depend on the thread count.
 */
final class PoolingKernels {

    private PoolingKernels() {}

    static void register(KernelTable table) {
        EnumSet<DType> f32 = EnumSet.of(DType.F32);
        table.put(MaxPool2d.class, Layouts.ANY, f32, PoolingKernels::max)
                .put(MaxPool2dBackward.class, Layouts.ANY, f32, PoolingKernels::maxBackward)
                .put(AvgPool2d.class, Layouts.ANY, f32, PoolingKernels::average)
                .put(AvgPool2dBackward.class, Layouts.ANY, f32, PoolingKernels::averageBackward)
                .put(AdaptiveAvgPool2d.class, Layouts.ANY, f32, PoolingKernels::adaptive)
                .put(AdaptiveAvgPool2dBackward.class, Layouts.ANY, f32, PoolingKernels::adaptiveBackward);
    }

    /** A tensor's memory with its strides: element (n, c, h, w). */
    private record Image(MemorySegment data, long sn, long sc, long sh, long sw, int channels, int height, int width) {

        static Image of(Tensor t) {
            long[] s = t.shape().strides(t.layout());
            return new Image(Lanes.global(t.segment()), s[0], s[1], s[2], s[3], t.dim(1), t.dim(2), t.dim(3));
        }

        long at(int n, int c, int h, int w) {
            return n * sn + c * sc + h * sh + w * sw;
        }

        float get(long element) {
            return data.get(JAVA_FLOAT_UNALIGNED, element * Float.BYTES);
        }

        void put(long element, float value) {
            data.set(JAVA_FLOAT_UNALIGNED, element * Float.BYTES, value);
        }

        boolean vectors() {
            return sc == 1 && channels % Lanes.COUNT == 0;
        }
    }

    /** Calls {@code body} for each (sample, row) of {@code target}, rows shared between threads. */
    private static void rows(Tensor target, RowBody body) {
        int height = target.dim(2);
        Parallel.forRange((long) target.dim(0) * height, 2, (from, to) -> {
            for (long r = from; r < to; r++) {
                body.run((int) (r / height), (int) (r % height));
            }
        });
    }

    private interface RowBody {
        void run(int sample, int row);
    }

    private static void max(MaxPool2d op, List<Tensor> in, List<Tensor> out) {
        Image x = Image.of(in.getFirst());
        Image y = Image.of(out.get(0));
        Image places = Image.of(out.get(1));
        rows(out.get(0), (n, h) -> {
            int top = h * op.stride().height() - op.padding().height();
            for (int w = 0; w < y.width; w++) {
                int left = w * op.stride().width() - op.padding().width();
                if (x.vectors() && y.vectors()) {
                    maxVectors(op, x, y, places, n, h, w, top, left);
                } else {
                    for (int c = 0; c < y.channels; c++) {
                        maxOne(op, x, y, places, n, c, h, w, top, left);
                    }
                }
            }
        });
    }

    private static void maxVectors(MaxPool2d op, Image x, Image y, Image places, int n, int h, int w, int top,
            int left) {
        float[] place = new float[Lanes.COUNT];
        for (int c = 0; c < y.channels; c += Lanes.COUNT) {
            FloatVector best = FloatVector.broadcast(Lanes.F32, Float.NEGATIVE_INFINITY);
            FloatVector where = FloatVector.broadcast(Lanes.F32, -1);
            for (int i = Math.max(0, -top); i < Math.min(op.kernel().height(), x.height - top); i++) {
                for (int j = Math.max(0, -left); j < Math.min(op.kernel().width(), x.width - left); j++) {
                    FloatVector v = Lanes.load(x.data, x.at(n, c, top + i, left + j));
                    VectorMask<Float> wins = v.compare(VectorOperators.LE, best).not()
                            .or(where.compare(VectorOperators.LT, 0f));
                    VectorMask<Float> takes = wins.and(best.compare(VectorOperators.EQ, best));   // NaN stays
                    best = best.blend(v, takes);
                    where = where.blend(i * op.kernel().width() + j, takes);
                }
            }
            Lanes.store(best, y.data, y.at(n, c, h, w));
            where.intoArray(place, 0);
            long target = places.at(n, c, h, w);
            for (int k = 0; k < place.length; k++) {
                places.data.set(JAVA_BYTE, target + k, (byte) (int) place[k]);
            }
        }
    }

    private static void maxOne(MaxPool2d op, Image x, Image y, Image places, int n, int c, int h, int w, int top,
            int left) {
        float best = Float.NEGATIVE_INFINITY;
        int where = -1;
        for (int i = Math.max(0, -top); i < Math.min(op.kernel().height(), x.height - top); i++) {
            for (int j = Math.max(0, -left); j < Math.min(op.kernel().width(), x.width - left); j++) {
                float v = x.get(x.at(n, c, top + i, left + j));
                if (where < 0 || v > best || v != v && best == best) {
                    best = v;
                    where = i * op.kernel().width() + j;
                }
            }
        }
        y.put(y.at(n, c, h, w), best);
        places.data.set(JAVA_BYTE, places.at(n, c, h, w), (byte) where);
    }

    private static void maxBackward(MaxPool2dBackward op, List<Tensor> in, List<Tensor> out) {
        Image dy = Image.of(in.get(0));
        Image places = Image.of(in.get(1));
        Image dx = Image.of(out.getFirst());
        MaxPool2d pool = op.pool();
        boolean vectors = dx.vectors() && dy.vectors() && Lanes.BYTES.isPresent();
        rows(out.getFirst(), (n, h) -> {
            float[] sums = new float[dx.channels];
            for (int w = 0; w < dx.width; w++) {
                Arrays.fill(sums, 0);
                int py = h + pool.padding().height();
                int px = w + pool.padding().width();
                for (int oh = first(py, pool.kernel().height(), pool.stride().height());
                        oh <= Math.min(py / pool.stride().height(), dy.height - 1); oh++) {
                    for (int ow = first(px, pool.kernel().width(), pool.stride().width());
                            ow <= Math.min(px / pool.stride().width(), dy.width - 1); ow++) {
                        int place = (py - oh * pool.stride().height()) * pool.kernel().width()
                                + px - ow * pool.stride().width();
                        if (vectors) {
                            addVectorsWhere(dy, places, n, oh, ow, (byte) place, sums);
                        } else {
                            addWhere(dy, places, n, oh, ow, (byte) place, sums);
                        }
                    }
                }
                put(sums, dx, n, h, w);
            }
        });
    }

    private static void put(float[] values, Image target, int n, int h, int w) {
        long start = target.at(n, 0, h, w);
        if (target.sc == 1) {
            MemorySegment.copy(values, 0, target.data, JAVA_FLOAT_UNALIGNED, start * Float.BYTES, values.length);
        } else {
            for (int c = 0; c < values.length; c++) {
                target.put(start + c * target.sc, values[c]);
            }
        }
    }

    private static void addVectorsWhere(Image dy, Image places, int n, int oh, int ow, byte place, float[] sums) {
        long p = places.at(n, 0, oh, ow);
        long g = dy.at(n, 0, oh, ow);
        VectorSpecies<Byte> bytes = Lanes.BYTES.orElseThrow();
        for (int c = 0; c < sums.length; c += Lanes.COUNT) {
            VectorMask<Float> won = ByteVector.fromMemorySegment(bytes, places.data, p + c, Lanes.ORDER)
                    .compare(VectorOperators.EQ, place).cast(Lanes.F32);
            FloatVector.fromArray(Lanes.F32, sums, c).add(Lanes.load(dy.data, g + c), won).intoArray(sums, c);
        }
    }

    private static void addWhere(Image dy, Image places, int n, int oh, int ow, byte place, float[] sums) {
        long p = places.at(n, 0, oh, ow);
        long g = dy.at(n, 0, oh, ow);
        for (int c = 0; c < sums.length; c++) {
            float value = dy.get(g + c * dy.sc);
            sums[c] += places.data.get(JAVA_BYTE, p + c * places.sc) == place ? value : 0;
        }
    }

    /** The first window (of this stride) that reaches padded position {@code p}. */
    private static int first(int p, int kernel, int stride) {
        return p < kernel ? 0 : (p - kernel) / stride + 1;
    }

    private static void average(AvgPool2d op, List<Tensor> in, List<Tensor> out) {
        Image x = Image.of(in.getFirst());
        Image y = Image.of(out.getFirst());
        rows(out.getFirst(), (n, h) -> {
            Span vertical = Span.of(h, op.kernel().height(), op.stride().height(), op.padding().height(), x.height);
            for (int w = 0; w < y.width; w++) {
                Span across = Span.of(w, op.kernel().width(), op.stride().width(), op.padding().width(), x.width);
                float scale = 1f / divisor(op, vertical, across);
                for (int c = 0; c < y.channels; c++) {
                    y.put(y.at(n, c, h, w), sum(x, n, c, vertical, across) * scale);
                }
            }
        });
    }

    private static int divisor(AvgPool2d op, Span vertical, Span across) {
        return op.divisor() == AvgPool2d.Divisor.KERNEL ? op.kernel().height() * op.kernel().width()
                : Math.max(1, vertical.size() * across.size());
    }

    private static float sum(Image x, int n, int c, Span vertical, Span across) {
        float sum = 0;
        for (int i = vertical.from; i < vertical.to; i++) {
            for (int j = across.from; j < across.to; j++) {
                sum += x.get(x.at(n, c, i, j));
            }
        }
        return sum;
    }

    private static void averageBackward(AvgPool2dBackward op, List<Tensor> in, List<Tensor> out) {
        AvgPool2d pool = op.pool();
        Window image = op.image();
        spread(in.getFirst(), out.getFirst(), (h, size) -> Span.of(h, pool.kernel().height(), pool.stride().height(),
                pool.padding().height(), image.height()), (w, size) -> Span.of(w, pool.kernel().width(),
                pool.stride().width(), pool.padding().width(), image.width()), (v, a) -> 1f / divisor(pool, v, a));
    }

    private static void adaptive(AdaptiveAvgPool2d op, List<Tensor> in, List<Tensor> out) {
        Image x = Image.of(in.getFirst());
        Image y = Image.of(out.getFirst());
        rows(out.getFirst(), (n, h) -> {
            Span vertical = Span.cell(h, y.height, x.height);
            float[] sums = new float[y.channels];
            for (int w = 0; w < y.width; w++) {
                Span across = Span.cell(w, y.width, x.width);
                Arrays.fill(sums, 0);
                for (int i = vertical.from; i < vertical.to; i++) {
                    for (int j = across.from; j < across.to; j++) {
                        long p = x.at(n, 0, i, j);
                        for (int c = 0; c < sums.length; c++) {
                            sums[c] += x.get(p + c * x.sc);
                        }
                    }
                }
                float scale = 1f / (vertical.size() * across.size());
                for (int c = 0; c < sums.length; c++) {
                    y.put(y.at(n, c, h, w), sums[c] * scale);
                }
            }
        });
    }

    private static void adaptiveBackward(AdaptiveAvgPool2dBackward op, List<Tensor> in, List<Tensor> out) {
        Image dy = Image.of(in.getFirst());
        spread(in.getFirst(), out.getFirst(), (h, size) -> Span.cell(h, dy.height, size),
                (w, size) -> Span.cell(w, dy.width, size), (v, a) -> 1f / (v.size() * a.size()));
    }

    private interface Spans {
        Span of(int cell, int size);
    }

    private interface Share {
        float of(Span vertical, Span across);
    }

    /** Each cell's gradient, times its share, given to every pixel of its span; one thread owns one sample. */
    private static void spread(Tensor from, Tensor to, Spans vertical, Spans across, Share share) {
        Image dy = Image.of(from);
        Image dx = Image.of(to);
        Parallel.forRange(to.dim(0), 1, (first, last) -> {
            for (int n = (int) first; n < last; n++) {
                for (int c = 0; c < dx.channels; c++) {
                    for (int i = 0; i < dx.height; i++) {
                        for (int j = 0; j < dx.width; j++) {
                            dx.put(dx.at(n, c, i, j), 0);
                        }
                    }
                    for (int h = 0; h < dy.height; h++) {
                        for (int w = 0; w < dy.width; w++) {
                            spreadCell(dy, dx, n, c, h, w, vertical.of(h, dx.height), across.of(w, dx.width), share);
                        }
                    }
                }
            }
        });
    }

    private static void spreadCell(Image dy, Image dx, int n, int c, int h, int w, Span vertical, Span across,
            Share share) {
        float g = dy.get(dy.at(n, c, h, w)) * share.of(vertical, across);
        for (int i = vertical.from; i < vertical.to; i++) {
            for (int j = across.from; j < across.to; j++) {
                long p = dx.at(n, c, i, j);
                dx.put(p, dx.get(p) + g);
            }
        }
    }

    /** Places from … to − 1 along one axis. */
    private record Span(int from, int to) {

        static Span of(int output, int kernel, int stride, int padding, int size) {
            int start = output * stride - padding;
            return new Span(Math.max(0, start), Math.min(size, start + kernel));
        }

        static Span cell(int cell, int cells, int size) {
            return new Span((int) ((long) cell * size / cells), (int) (((cell + 1L) * size + cells - 1) / cells));
        }

        int size() {
            return Math.max(0, to - from);
        }
    }
}
