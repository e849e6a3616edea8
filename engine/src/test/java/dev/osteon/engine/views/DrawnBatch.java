package dev.osteon.engine.views;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.DrawViews;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Segments of every kind of shape on one canvas, and what a device draws of them.
 *
 * @param heights of the segments
 * @param widths  of the segments
 */
public record DrawnBatch(List<Integer> heights, List<Integer> widths) {

    private static final int SIDE = 61;

    /** Elongated both ways, square, as large as the canvas, of one row, one column, one pixel, and an empty one. */
    public static final DrawnBatch BONES = new DrawnBatch(List.of(61, 13, 24, 61, 1, 40, 1, 30, 33),
            List.of(14, 50, 24, 61, 61, 1, 1, 17, 20));
    private static final int EMPTY = 7;

    /** Plain multi-crop, and the paper's extension with a threshold that not every view reaches. */
    public static final List<ViewSampling> POLICIES = List.of(policy(20, 0.1, 1), policy(20, 0.1, 20),
            policy(180, 0.8, 7));

    private static ViewSampling policy(double degrees, double share, int tries) {
        return new ViewSampling(List.of(new Resolution(2, 24, new RandomResizedCrop(0.14, 1)),
                new Resolution(4, 10, new RandomResizedCrop(0.05, 0.14))), degrees, share, tries);
    }

    /** A slanted bar through each segment but the one that is empty. */
    public boolean isSet(int n, int y, int x) {
        int height = heights.get(n);
        int width = widths.get(n);
        return n != EMPTY && y < height && x < width
                && Math.abs((x + 0.5) / width - 0.5 - ((y + 0.5) / height - 0.5) / 3) < 0.16;
    }

    /** Number of segments. */
    public int size() {
        return heights.size();
    }

    /** Results of the operation on a device, all as numbers. */
    public List<double[]> on(Device device, ViewSampling sampling, Philox random, int... samples) {
        try (TensorScope scope = TensorScope.open()) {
            float[] canvas = new float[size() * SIDE * SIDE];
            for (int i = 0; i < canvas.length; i++) {
                canvas[i] = isSet(i / (SIDE * SIDE), i / SIDE % SIDE, i % SIDE) ? 0.25f : 0;
            }
            int[] sides = IntStream.range(0, size()).flatMap(n -> IntStream.of(heights.get(n), widths.get(n)))
                    .toArray();
            return Dispatcher.runAll(new DrawViews(sampling), List.of(
                    Tensor.of(device, Shape.of(size(), 1, SIDE, SIDE), canvas),
                    Tensor.of(device, Shape.of(size(), 2), sides),
                    Tensor.of(device, Shape.of(samples.length), samples),
                    Tensor.of(device, Shape.of(2), (int) random.key(), (int) (random.key() >>> 32))))
                    .stream().map(Tensor::toDoubles).toList();
        }
    }

    /** What they must be: segment by segment as {@link ViewSampling} draws them. */
    public List<double[]> expected(ViewSampling sampling, Philox random, int... samples) {
        List<double[]> results = new ArrayList<>();
        for (Resolution resolution : sampling.resolutions()) {
            int rows = resolution.count() * samples.length;
            results.add(new double[6 * rows]);
            results.add(new double[rows]);
        }
        double[] statistics = new double[3];
        for (int b = 0; b < samples.length; b++) {
            int n = samples[b];
            SegmentGeometry segment = new SegmentGeometry(heights.get(n), widths.get(n), (y, x) -> isSet(n, y, x));
            List<DrawnView> drawn = sampling.draw(segment, random.fork(n));
            int next = 0;
            for (int r = 0; r < sampling.resolutions().size(); r++) {
                for (int v = 0; v < sampling.resolutions().get(r).count(); v++) {
                    DrawnView view = drawn.get(next++);
                    AffineMatrix m = view.view().matrix();
                    int row = v * samples.length + b;
                    double[] numbers = {m.a(), m.b(), m.c(), m.d(), m.e(), m.f()};
                    for (int i = 0; i < 6; i++) {
                        results.get(2 * r)[6 * row + i] = (float) numbers[i];
                    }
                    results.get(2 * r + 1)[row] = n;
                    statistics[0] += view.tries();
                    statistics[1]++;
                    statistics[2] += view.enough() ? 1 : 0;
                }
            }
        }
        results.add(statistics);
        return results;
    }
}
