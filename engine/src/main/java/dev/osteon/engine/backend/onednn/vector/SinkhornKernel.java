package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Lanes.COUNT;
import static dev.osteon.engine.backend.onednn.vector.Lanes.F32;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.backend.Kernel;
import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Sinkhorn;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * Sinkhorn's iteration on two vectors of factors. E = exp((x − max x) / ε) is computed once, into the result; Q itself
 * is not written before the end. An iteration is a single pass over E: a row that has been scaled adds at once to the
 * sums by which the next iteration scales the columns. Rows are cut into chunks of a size that depends on the shape
 * only, and chunks' sums are added in order.
 *
 * <p>The factors stay within float32 as long as the exponents span no more than {@value #SPAN}; wider ones go to the
 * general kernel, which computes logarithms.
 */
final class SinkhornKernel {

    private static final int SPAN = 60;
    private static final int CHUNK = 1 << 17;   // elements

    private final Sinkhorn op;
    private final int rows;
    private final int columns;
    private final int padded;
    private final int chunkRows;
    private final MemorySegment x;
    private final MemorySegment q;

    private SinkhornKernel(Sinkhorn op, Tensor x, Tensor q) {
        this.op = op;
        rows = x.dim(0);
        columns = x.dim(1);
        padded = Floats.padded(columns);
        chunkRows = Math.max(1, CHUNK / columns);
        this.x = Lanes.global(x.segment());
        this.q = Lanes.global(q.segment());
    }

    static void register(Registry registry) {
        registry.floats(Sinkhorn.class, Layouts.ROW_MAJOR, (op, in, out) -> {
            Tensor x = in.getFirst();
            boolean done = x.dtype() == DType.F32 && x.size() > 0 && new SinkhornKernel(op, x, out.getFirst()).run();
            if (!done) {
                Kernel<Sinkhorn> logarithms = registry.general().get(op).kernel();
                logarithms.run(op, in, out);
            }
        });
    }

    /** Whether it could be done: the result is written then. */
    private boolean run() {
        float[] range = range();
        float scale = (float) (1 / op.epsilon());
        boolean narrow = (range[1] - range[0]) * scale <= SPAN;          // not so with NaN or infinities
        if (!narrow) {
            return false;
        }
        float[] factors = columnFactors((at, row, sums) -> {
            MemorySegment.copy(x, JAVA_FLOAT_UNALIGNED, at * Float.BYTES, row, 0, columns);
            exponentiate(row, range[1], scale, sums);
            MemorySegment.copy(row, 0, q, JAVA_FLOAT_UNALIGNED, at * Float.BYTES, columns);
        });
        for (int i = 1; i < op.iterations(); i++) {
            float[] before = factors;
            factors = columnFactors((at, row, sums) -> {
                MemorySegment.copy(q, JAVA_FLOAT_UNALIGNED, at * Float.BYTES, row, 0, columns);
                addScaled(row, (float) (1 / (rows * dot(row, before))), sums);
            });
        }
        float[] last = factors;
        everyRow((at, row, sums) -> {
            MemorySegment.copy(q, JAVA_FLOAT_UNALIGNED, at * Float.BYTES, row, 0, columns);
            scale(row, (float) (1 / dot(row, last)), last);
            MemorySegment.copy(row, 0, q, JAVA_FLOAT_UNALIGNED, at * Float.BYTES, columns);
        });
        return true;
    }

    /** Smallest and largest x; NaN if there is one. */
    private float[] range() {
        int chunks = (rows + chunkRows - 1) / chunkRows;
        float[] least = new float[chunks];
        float[] most = new float[chunks];
        Parallel.forRange(chunks, 1, (from, to) -> {
            float[] row = new float[padded];
            for (int chunk = (int) from; chunk < to; chunk++) {
                FloatVector low = FloatVector.broadcast(F32, Float.POSITIVE_INFINITY);
                FloatVector high = low.neg();
                for (int r = chunk * chunkRows; r < Math.min(rows, (chunk + 1) * chunkRows); r++) {
                    MemorySegment.copy(x, JAVA_FLOAT_UNALIGNED, (long) r * columns * Float.BYTES, row, 0, columns);
                    Arrays.fill(row, columns, padded, row[0]);
                    for (int i = 0; i < padded; i += COUNT) {
                        low = low.min(Floats.load(row, i));
                        high = high.max(Floats.load(row, i));
                    }
                }
                least[chunk] = -Lanes.max(low.neg());
                most[chunk] = Lanes.max(high);
            }
        });
        float[] range = {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
        for (int chunk = 0; chunk < chunks; chunk++) {
            range[0] = Math.min(range[0], least[chunk]);
            range[1] = Math.max(range[1], most[chunk]);
        }
        return range;
    }

    /** What is done with the row that begins at element {@code at}, in working memory of a padded row's length. */
    @FunctionalInterface
    private interface RowPass {
        void run(long at, float[] row, float[] sums);
    }

    /** One pass over all rows: the sums of each chunk. */
    private float[][] everyRow(RowPass pass) {
        int chunks = (rows + chunkRows - 1) / chunkRows;
        float[][] partial = new float[chunks][];
        Parallel.forRange(chunks, 1, (from, to) -> {
            float[] row = new float[padded];
            for (int chunk = (int) from; chunk < to; chunk++) {
                partial[chunk] = new float[padded];
                for (int r = chunk * chunkRows; r < Math.min(rows, (chunk + 1) * chunkRows); r++) {
                    pass.run((long) r * columns, row, partial[chunk]);
                }
            }
        });
        return partial;
    }

    /** The factors of the columns that make their sums 1 / columns after a pass; 0 in the padding. */
    private float[] columnFactors(RowPass pass) {
        float[][] partial = everyRow(pass);
        float[] factors = new float[padded];
        for (int column = 0; column < columns; column++) {
            double sum = 0;
            for (float[] part : partial) {
                sum += part[column];
            }
            factors[column] = (float) (1 / (columns * sum));
        }
        return factors;
    }

    /** row ← exp((row − top)·scale), added to the sums. */
    private void exponentiate(float[] row, float top, float scale, float[] sums) {
        Arrays.fill(row, columns, padded, top);
        for (int i = 0; i < padded; i += COUNT) {
            FloatVector e = Floats.exp(Floats.load(row, i).sub(top).mul(scale));
            e.intoArray(row, i);
            Floats.load(sums, i).add(e).intoArray(sums, i);
        }
    }

    private static double dot(float[] row, float[] factors) {
        FloatVector s0 = FloatVector.zero(F32);
        FloatVector s1 = s0;
        int i = 0;
        for (; i + 2 * COUNT <= row.length; i += 2 * COUNT) {
            s0 = Floats.load(row, i).fma(Floats.load(factors, i), s0);
            s1 = Floats.load(row, i + COUNT).fma(Floats.load(factors, i + COUNT), s1);
        }
        if (i < row.length) {
            s0 = Floats.load(row, i).fma(Floats.load(factors, i), s0);
        }
        return Lanes.sum(s0.add(s1));
    }

    private static void addScaled(float[] row, float scale, float[] sums) {
        for (int i = 0; i < row.length; i += COUNT) {
            Floats.load(row, i).fma(FloatVector.broadcast(F32, scale), Floats.load(sums, i)).intoArray(sums, i);
        }
    }

    private static void scale(float[] row, float scale, float[] factors) {
        for (int i = 0; i < row.length; i += COUNT) {
            Floats.load(row, i).mul(scale).mul(Floats.load(factors, i)).intoArray(row, i);
        }
    }
}
