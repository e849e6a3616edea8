package dev.osteon.engine.backend.host;

import dev.osteon.engine.op.AvgPool2d;

/** What averages over windows read of an axis. */
public final class PoolWeights {

    private PoolWeights() {}

    /** The rows of an image of {@code size} pooled to {@code outputs}. */
    public static AxisWeights rows(AvgPool2d op, int size, int outputs) {
        return windows(outputs, op.stride().height(), op.padding().height(), op.kernel().height(), size, op.divisor());
    }

    /** The columns of an image of {@code size} pooled to {@code outputs}. */
    public static AxisWeights columns(AvgPool2d op, int size, int outputs) {
        return windows(outputs, op.stride().width(), op.padding().width(), op.kernel().width(), size, op.divisor());
    }

    private static AxisWeights windows(int outputs, int stride, int padding, int kernel, int size,
            AvgPool2d.Divisor divisor) {
        return AxisWeights.of(outputs, i -> {
            int start = i * stride - padding;
            int from = Math.max(0, start);
            int to = Math.min(size, start + kernel);
            return AxisWeights.Taps.mean(from, to, divisor == AvgPool2d.Divisor.KERNEL ? kernel : to - from);
        });
    }

    /** {@code cells} cells of {@code size} positions: cell i spans ⌊i·size/cells⌋ … ⌈(i + 1)·size/cells⌉ − 1. */
    public static AxisWeights cells(int cells, int size) {
        return AxisWeights.of(cells, i -> {
            int from = (int) ((long) i * size / cells);
            int to = (int) Math.ceilDiv((i + 1L) * size, cells);
            return AxisWeights.Taps.mean(from, to, to - from);
        });
    }
}
