package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.backend.host.ViewDrawing;
import dev.osteon.engine.op.DrawViews;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.function.IntConsumer;

/** Views drawn at random: threads share the batch's samples, each of which has random numbers of its own. */
final class ViewKernels {

    private ViewKernels() {}

    static void register(Registry registry) {
        registry.anything(DrawViews.class, Layouts.ANY, ViewKernels::draw);
    }

    private static void draw(DrawViews op, List<Tensor> in, List<Tensor> out) {
        ViewDrawing.run(op, in, out, ViewKernels::each);
    }

    private static void each(int n, IntConsumer sample) {
        Parallel.forRange(n, 1, (from, to) -> {
            for (long b = from; b < to; b++) {
                sample.accept((int) b);
            }
        });
    }
}
