package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Reduce;
import dev.osteon.engine.op.Reduce.Function;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * Sums, means and maxima over any axes in any layout. What is reduced is cut into chunks of a size that depends on the
 * shape only, and chunks are combined in order: the thread count does not change a bit of the result.
 */
final class ReductionKernels {

    /** Elements per chunk. */
    private static final int CHUNK = 1 << 15;

    private ReductionKernels() {}

    static void register(Registry registry) {
        registry.floats(Reduce.class, Layouts.ANY, ReductionKernels::reduce);
    }

    private static void reduce(Reduce op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        if (y.size() == 0) {
            return;
        }
        long[] strides = x.shape().strides(x.layout());
        Shape inner = x.shape();
        for (int axis = 0; axis < x.rank(); axis++) {
            inner = op.axes().contains(axis) ? inner : inner.with(axis, 1);
        }
        Nest kept = Nest.of(y.shape(), strides, y.shape().strides(y.layout()));
        Nest reduced = Nest.of(inner, strides);
        boolean alongRows = reduced.count() > 1 && reduced.step(0) == 1;
        Pass pass = alongRows ? Pass.alongRows(op.function(), Strip.of(x), kept, reduced)
                : Pass.downColumns(op.function(), Strip.of(x), kept, reduced);
        Parallel.forRange(pass.tasks(), pass.grain(), alongRows ? pass::alongRows : pass::downColumns);
        pass.finish(Strip.of(y));
    }

    /**
     * The first pass: one task is one chunk of {@code perChunk} reduced positions, for one result along rows, for up to
     * {@code width} neighbouring results down columns.
     *
     * @param partial [chunks, results], results numbered in {@code kept}'s order
     */
    private record Pass(Function function, Strip x, Nest kept, Nest reduced, int width, int perChunk, int chunks,
            double[] partial) {

        static Pass alongRows(Function function, Strip x, Nest kept, Nest reduced) {
            return of(function, x, kept, reduced, 1, CHUNK);
        }

        static Pass downColumns(Function function, Strip x, Nest kept, Nest reduced) {
            int width = (int) Math.min(Strip.LENGTH, kept.dim(kept.rank() - 1));
            return of(function, x, kept, reduced, width, CHUNK / width);
        }

        private static Pass of(Function function, Strip x, Nest kept, Nest reduced, int width, int perChunk) {
            int chunks = Math.max(1, Math.toIntExact((reduced.count() + perChunk - 1) / perChunk));
            double[] partial = new double[Math.toIntExact(Math.multiplyExact(kept.count(), (long) chunks))];
            Arrays.fill(partial, function == Function.MAX ? Double.NEGATIVE_INFINITY : 0);
            return new Pass(function, x, kept, reduced, width, perChunk, chunks, partial);
        }

        private long columns() {
            return kept.dim(kept.rank() - 1);
        }

        private long blocks() {
            return (columns() + width - 1) / width;
        }

        long tasks() {
            return width == 1 ? kept.count() * chunks : kept.count() / columns() * blocks() * chunks;
        }

        /** Tasks that together make a chunk's work. */
        long grain() {
            return Math.max(1, CHUNK / Math.max(1, width * Math.min(perChunk, reduced.count())));
        }

        void alongRows(long from, long to) {
            double[] strip = Strip.array(Math.min(perChunk, reduced.count()));
            for (long task = from; task < to; task++) {
                long result = task / chunks;
                long first = task % chunks * perChunk;
                long offset = kept.offset(0, result);
                int target = (int) (task % chunks * kept.count() + result);
                reduced.walk(first, Math.min(reduced.count(), first + perChunk), strip.length, (number, at, n) -> {
                    x.read(offset + at[0], 1, strip, n);
                    partial[target] = function == Function.MAX ? Math.max(partial[target], Doubles.max(strip, n))
                            : partial[target] + Doubles.sum(strip, n);
                });
            }
        }

        void downColumns(long from, long to) {
            double[] strip = Strip.array(width);
            double[] total = Strip.array(width);
            for (long task = from; task < to; task++) {
                long block = task / chunks;
                long column = block % blocks() * width;
                long result = block / blocks() * columns() + column;
                int count = (int) Math.min(width, columns() - column);
                long first = task % chunks * perChunk;
                long offset = kept.offset(0, result);
                int target = (int) (task % chunks * kept.count() + result);
                System.arraycopy(partial, target, total, 0, count);
                reduced.walk(first, Math.min(reduced.count(), first + perChunk), Integer.MAX_VALUE, (number, at, n) -> {
                    for (int row = 0; row < n; row++) {
                        x.read(offset + at[0] + row * reduced.step(0), 1, strip, count);
                        combine(function, total, strip, count);
                    }
                });
                System.arraycopy(total, 0, partial, target, count);
            }
        }

        /** The chunks' results, combined in order. */
        void finish(Strip y) {
            double divisor = function == Function.MEAN ? reduced.count() : 1;
            kept.rows(CHUNK, Strip.LENGTH, () -> {
                double[] total = Strip.array(kept.count());
                double[] next = Strip.array(kept.count());
                return (first, at, n) -> {
                    System.arraycopy(partial, (int) first, total, 0, n);
                    for (int chunk = 1; chunk < chunks; chunk++) {
                        System.arraycopy(partial, (int) (chunk * kept.count() + first), next, 0, n);
                        combine(function, total, next, n);
                    }
                    for (int i = 0; i < n; i++) {
                        total[i] /= divisor;
                    }
                    y.write(total, n, at[1], kept.step(1));
                };
            });
        }

        private static void combine(Function function, double[] total, double[] next, int n) {
            if (function == Function.MAX) {
                for (int i = 0; i < n; i++) {
                    total[i] = Math.max(total[i], next[i]);
                }
            } else {
                for (int i = 0; i < n; i++) {
                    total[i] += next[i];
                }
            }
        }
    }
}
