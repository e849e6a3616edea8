package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Lanes.COUNT;
import static dev.osteon.engine.backend.onednn.vector.Lanes.F32;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.osteon.engine.backend.KernelTable;
import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Attention;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import jdk.incubator.vector.FloatVector;

/**
 * Attention, a head at a time: its keys are packed transposed and its values in rows, and a few queries' scores, their
 * softmax and the weighted values are done while they are in the cache. Threads share the (sample, head) pairs.
 */
final class AttentionKernel {

    private static final int QUERIES = 32;      // a multiple of Floats.ROWS

    private AttentionKernel() {}

    static void register(KernelTable table) {
        table.put(Attention.class, Layouts.ROW_MAJOR, EnumSet.of(DType.F32), AttentionKernel::run);
    }

    private static void run(Attention op, List<Tensor> in, List<Tensor> out) {
        Shape q = in.get(0).shape();
        int heads = q.dim(2);
        if (out.getFirst().size() > 0) {
            Parallel.forRange((long) q.dim(0) * heads, 1, (from, end) -> {
                Head head = new Head(op, in, out.getFirst());
                for (long pair = from; pair < end; pair++) {
                    head.run((int) (pair / heads), (int) (pair % heads));
                }
            });
        }
    }

    /** Buffers of one thread. */
    private static final class Head {
        private final float scale;
        private final MemorySegment q;
        private final MemorySegment k;
        private final MemorySegment v;
        private final MemorySegment y;
        private final MemorySegment bias;
        private final long[] biasSteps;          // all 0 where there is none
        private final boolean biased;
        private final int queries;
        private final int keys;
        private final int heads;
        private final int depth;
        private final int width;
        private final int columns;               // keys, padded
        private final int outColumns;            // width, padded
        private final float[] transposed;        // [depth, columns]
        private final float[] values;            // [keys, outColumns]
        private final float[] rows;              // [QUERIES, depth]
        private final float[] scores;            // [QUERIES, columns]
        private final float[] results;           // [QUERIES, outColumns]
        private final float[] tile;              // [COUNT, depth]
        private final float[] line;              // [columns]

        Head(Attention op, List<Tensor> in, Tensor out) {
            scale = (float) op.scale();
            q = Lanes.global(in.get(0).segment());
            k = Lanes.global(in.get(1).segment());
            v = Lanes.global(in.get(2).segment());
            y = Lanes.global(out.segment());
            queries = in.get(0).dim(1);
            keys = in.get(1).dim(1);
            heads = in.get(0).dim(2);
            depth = in.get(0).dim(3);
            width = in.get(2).dim(3);
            biased = in.size() == 4;
            bias = biased ? Lanes.global(in.get(3).segment()) : MemorySegment.NULL;
            biasSteps = biased ? in.get(3).shape().stridesWithin(Shape.of(in.get(0).dim(0), heads, queries, keys),
                    Layout.ROW_MAJOR) : new long[4];
            columns = Floats.padded(keys);
            outColumns = Floats.padded(width);
            transposed = new float[depth * columns];
            values = new float[keys * outColumns];
            rows = new float[QUERIES * depth];
            scores = new float[QUERIES * columns];
            results = new float[QUERIES * outColumns];
            tile = new float[COUNT * depth];
            line = new float[columns];
        }

        void run(int sample, int head) {
            pack(sample, head);
            for (int first = 0; first < queries; first += QUERIES) {
                int count = Math.min(QUERIES, queries - first);
                int whole = (count + Floats.ROWS - 1) / Floats.ROWS * Floats.ROWS;
                for (int r = 0; r < count; r++) {
                    read(q, sample, queries, first + r, head, depth, rows, r * depth);
                }
                Arrays.fill(scores, 0, whole * columns, 0);
                Floats.multiplyAdd(new Floats.Left(rows, 0, depth, 1), new Floats.Right(transposed, 0, columns), depth,
                        scores, 0, columns, whole, columns);
                for (int r = 0; r < count; r++) {
                    addBias(r * columns, sample, head, first + r);
                    Floats.softmax(scores, r * columns, columns);
                }
                Arrays.fill(results, 0, whole * outColumns, 0);
                Floats.multiplyAdd(new Floats.Left(scores, 0, columns, 1), new Floats.Right(values, 0, outColumns),
                        keys, results, 0, outColumns, whole, outColumns);
                for (int r = 0; r < count; r++) {
                    write(results, r * outColumns, place(sample, queries, first + r, head, width));
                }
            }
        }

        /** The head's keys times the scale, transposed a vector's worth of them at a time, and its values. */
        private void pack(int sample, int head) {
            for (int first = 0; first < keys; first += COUNT) {
                int count = Math.min(COUNT, keys - first);
                for (int j = 0; j < count; j++) {
                    read(k, sample, keys, first + j, head, depth, tile, j * depth);
                    read(v, sample, keys, first + j, head, width, values, (first + j) * outColumns);
                }
                for (int d = 0; d < depth; d++) {
                    for (int j = 0; j < COUNT; j++) {
                        transposed[d * columns + first + j] = tile[j * depth + d] * scale;
                    }
                }
            }
        }

        private void read(MemorySegment from, int sample, int tokens, int token, int head, int size, float[] to,
                int at) {
            long place = place(sample, tokens, token, head, size);
            int i = 0;
            for (; i + COUNT <= size; i += COUNT) {      // a copy of so little is mostly its call
                FloatVector.fromMemorySegment(F32, from, place + (long) i * Float.BYTES, Lanes.ORDER)
                        .intoArray(to, at + i);
            }
            if (i < size) {
                MemorySegment.copy(from, JAVA_FLOAT_UNALIGNED, place + (long) i * Float.BYTES, to, at + i, size - i);
            }
        }

        private void write(float[] from, int at, long place) {
            int i = 0;
            for (; i + COUNT <= width; i += COUNT) {
                Floats.load(from, at + i).intoMemorySegment(y, place + (long) i * Float.BYTES, Lanes.ORDER);
            }
            if (i < width) {
                MemorySegment.copy(from, at + i, y, JAVA_FLOAT_UNALIGNED, place + (long) i * Float.BYTES, width - i);
            }
        }

        private long place(int sample, int tokens, int token, int head, int size) {
            return ((((long) sample * tokens + token) * heads + head) * size) * Float.BYTES;
        }

        /** Adds a row of the bias; what is no key can have no weight. */
        private void addBias(int start, int sample, int head, int query) {
            Arrays.fill(scores, start + keys, start + columns, Float.NEGATIVE_INFINITY);
            if (!biased) {
                return;
            }
            long at = sample * biasSteps[0] + head * biasSteps[1] + query * biasSteps[2];
            if (biasSteps[3] == 1) {
                MemorySegment.copy(bias, JAVA_FLOAT_UNALIGNED, at * Float.BYTES, line, 0, keys);
            } else {
                Arrays.fill(line, 0, keys, bias.get(JAVA_FLOAT_UNALIGNED, at * Float.BYTES));
            }
            Arrays.fill(line, keys, columns, 0);
            for (int i = 0; i < columns; i += COUNT) {
                Floats.load(scores, start + i).add(Floats.load(line, i)).intoArray(scores, start + i);
            }
        }
    }
}
