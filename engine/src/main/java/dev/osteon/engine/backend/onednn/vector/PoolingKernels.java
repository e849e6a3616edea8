package dev.osteon.engine.backend.onednn.vector;

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
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Pooling of float32 or bfloat16 in any layout, computed in float32. Each pass gathers: a thread owns rows of what it
 * writes, so nothing is added concurrently and results do not depend on the thread count.
 */
final class PoolingKernels {

    private PoolingKernels() {}

    static void register(KernelTable table) {
        EnumSet<DType> types = EnumSet.of(DType.F32, DType.BF16);
        table.put(MaxPool2d.class, Layouts.ANY, types, MaxPool::forward)
                .put(MaxPool2dBackward.class, Layouts.ANY, types, MaxPool::backward)
                .put(AvgPool2d.class, Layouts.ANY, types, PoolingKernels::average)
                .put(AvgPool2dBackward.class, Layouts.ANY, types, PoolingKernels::averageBackward)
                .put(AdaptiveAvgPool2d.class, Layouts.ANY, types, PoolingKernels::adaptive)
                .put(AdaptiveAvgPool2dBackward.class, Layouts.ANY, types, PoolingKernels::adaptiveBackward);
    }

    private static void average(AvgPool2d op, List<Tensor> in, List<Tensor> out) {
        Window size = window(in.getFirst());
        mean(in.getFirst(), out.getFirst(), h -> vertical(op, h, size), w -> across(op, w, size),
                (v, a) -> divisor(op, v, a));
    }

    private static void averageBackward(AvgPool2dBackward op, List<Tensor> in, List<Tensor> out) {
        AvgPool2d pool = op.pool();
        Window size = op.image();
        spread(in.getFirst(), out.getFirst(), h -> vertical(pool, h, size), w -> across(pool, w, size),
                (v, a) -> divisor(pool, v, a));
    }

    private static void adaptive(AdaptiveAvgPool2d op, List<Tensor> in, List<Tensor> out) {
        Window size = window(in.getFirst());
        mean(in.getFirst(), out.getFirst(), h -> Span.cell(h, op.output().height(), size.height()),
                w -> Span.cell(w, op.output().width(), size.width()), (v, a) -> v.size() * a.size());
    }

    private static void adaptiveBackward(AdaptiveAvgPool2dBackward op, List<Tensor> in, List<Tensor> out) {
        Window cells = window(in.getFirst());
        Window size = op.image();
        spread(in.getFirst(), out.getFirst(), h -> Span.cell(h, cells.height(), size.height()),
                w -> Span.cell(w, cells.width(), size.width()), (v, a) -> v.size() * a.size());
    }

    private static Window window(Tensor image) {
        return new Window(image.dim(2), image.dim(3));
    }

    private static Span vertical(AvgPool2d op, int h, Window size) {
        return Span.of(h, op.kernel().height(), op.stride().height(), op.padding().height(), size.height());
    }

    private static Span across(AvgPool2d op, int w, Window size) {
        return Span.of(w, op.kernel().width(), op.stride().width(), op.padding().width(), size.width());
    }

    private static int divisor(AvgPool2d op, Span vertical, Span across) {
        return op.divisor() == AvgPool2d.Divisor.KERNEL ? op.kernel().height() * op.kernel().width()
                : Math.max(1, vertical.size() * across.size());
    }

    /** What a cell's sum is divided by. */
    private interface Divisor {
        int of(Span vertical, Span across);
    }

    /** Each cell the sum over its span, by the divisor. */
    private static void mean(Tensor from, Tensor to, IntFunction<Span> verticals, IntFunction<Span> acrosses,
            Divisor divisor) {
        Image x = Image.of(from);
        Image y = Image.of(to);
        Span[] rows = spans(y.height(), verticals);
        Span[] columns = spans(y.width(), acrosses);
        y.eachRow(to.dim(0), () -> {
            float[] sums = new float[y.channels()];
            return (n, h) -> {
                for (int w = 0; w < columns.length; w++) {
                    Arrays.fill(sums, 0);
                    for (int i = rows[h].from; i < rows[h].to; i++) {
                        for (int j = columns[w].from; j < columns[w].to; j++) {
                            x.addTo(sums, n, i, j, 1);
                        }
                    }
                    scale(sums, 1f / divisor.of(rows[h], columns[w]));
                    y.put(n, h, w, sums);
                }
            };
        });
    }

    private static void scale(float[] values, float factor) {
        for (int c = 0; c < values.length; c++) {
            values[c] *= factor;
        }
    }

    /** Each pixel the sum of the gradients of the cells whose span it is in, each by its divisor. */
    private static void spread(Tensor from, Tensor to, IntFunction<Span> verticals, IntFunction<Span> acrosses,
            Divisor divisor) {
        Image dy = Image.of(from);
        Image dx = Image.of(to);
        Span[] rows = spans(dy.height(), verticals);
        Span[] columns = spans(dy.width(), acrosses);
        Span[] above = cellsOver(dx.height(), rows);
        Span[] beside = cellsOver(dx.width(), columns);
        dx.eachRow(to.dim(0), () -> {
            float[] sums = new float[dx.channels()];
            return (n, h) -> {
                for (int w = 0; w < beside.length; w++) {
                    if (w == 0 || !beside[w].equals(beside[w - 1])) {       // often a pixel has its neighbour's cells
                        Arrays.fill(sums, 0);
                        for (int i = above[h].from; i < above[h].to; i++) {
                            for (int j = beside[w].from; j < beside[w].to; j++) {
                                dy.addTo(sums, n, i, j, 1f / divisor.of(rows[i], columns[j]));
                            }
                        }
                    }
                    dx.put(n, h, w, sums);
                }
            };
        });
    }

    private static Span[] spans(int cells, IntFunction<Span> span) {
        Span[] all = new Span[cells];
        Arrays.setAll(all, span);
        return all;
    }

    /** For each pixel along an axis the cells whose spans it is in: one after the other, as spans begin and end so. */
    private static Span[] cellsOver(int pixels, Span[] spans) {
        Span[] cells = new Span[pixels];
        for (int p = 0; p < pixels; p++) {
            int from = 0;
            while (from < spans.length && spans[from].to <= p) {
                from++;
            }
            int to = from;
            while (to < spans.length && spans[to].from <= p) {
                to++;
            }
            cells[p] = new Span(from, to);
        }
        return cells;
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
