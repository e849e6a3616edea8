package dev.osteon.engine.backend.host;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.osteon.engine.op.DrawViews;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.views.AffineMatrix;
import dev.osteon.engine.views.DrawnView;
import dev.osteon.engine.views.Resolution;
import dev.osteon.engine.views.SegmentGeometry;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/** {@link DrawViews} on the host: from its operands to {@code ViewSampling}, and what that drew to its results. */
public final class ViewDrawing {

    private final DrawViews op;
    private final Tensor images;
    private final int[] sides;
    private final int[] samples;
    private final Philox random;
    private final List<Tensor> results;
    private final int[] tries;
    private final int[] enough;

    /** How the samples of a batch are gone through. */
    @FunctionalInterface
    public interface Loop {

        /** Calls {@code sample} with each of 0 … n − 1, in any order, on one thread or several. */
        void over(int n, IntConsumer sample);
    }

    private ViewDrawing(DrawViews op, List<Tensor> in, List<Tensor> out) {
        this.op = op;
        images = in.get(0);
        sides = in.get(1).segment().toArray(JAVA_INT);
        samples = Indices.indices(op, in.get(2), images.dim(0));
        int[] key = in.get(3).segment().toArray(JAVA_INT);
        random = Philox.restore(Integer.toUnsignedLong(key[0]) | (long) key[1] << Integer.SIZE, 0);
        results = out;
        tries = new int[samples.length];
        enough = new int[samples.length];
    }

    /** Draws the views of all samples. */
    public static void run(DrawViews op, List<Tensor> in, List<Tensor> out, Loop loop) {
        ViewDrawing drawing = new ViewDrawing(op, in, out);
        loop.over(drawing.samples.length, drawing::draw);
        drawing.count();
    }

    private void draw(int b) {
        int number = samples[b];
        List<DrawnView> drawn = op.sampling().draw(segment(number), random.fork(number));
        int next = 0;
        for (int r = 0; r < op.sampling().resolutions().size(); r++) {
            Resolution resolution = op.sampling().resolutions().get(r);
            for (int v = 0; v < resolution.count(); v++) {
                DrawnView view = drawn.get(next++);
                write(2 * r, v * samples.length + b, number, view.view().matrix());
                tries[b] += view.tries();
                enough[b] += view.enough() ? 1 : 0;
            }
        }
    }

    private SegmentGeometry segment(int number) {
        int side = images.dim(2);
        long first = (long) number * side * side;
        MemorySegment pixels = images.segment();
        DType type = images.dtype();
        return new SegmentGeometry(Math.clamp(sides[2 * number], 1, side), Math.clamp(sides[2 * number + 1], 1, side),
                (y, x) -> HostData.get(pixels, type, first + (long) y * side + x) != 0);
    }

    private void write(int result, long row, int number, AffineMatrix m) {
        MemorySegment maps = results.get(result).segment();
        double[] values = {m.a(), m.b(), m.c(), m.d(), m.e(), m.f()};
        for (int i = 0; i < values.length; i++) {
            maps.setAtIndex(JAVA_FLOAT, row * values.length + i, (float) values[i]);
        }
        results.get(result + 1).segment().setAtIndex(JAVA_INT, row, number);
    }

    private void count() {
        int[] counts = {Arrays.stream(tries).sum(), samples.length * op.sampling().views(),
            Arrays.stream(enough).sum()};
        MemorySegment.copy(counts, 0, results.getLast().segment(), JAVA_INT, 0, counts.length);
    }
}
