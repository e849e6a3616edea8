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
 * Attention, a head at a time, some queries at once: their scores, their softmax and the weighted values are done while
 * they are in the cache. With a bias, which lies by query, scores are rows; without one they are columns, so that
 * maxima and sums over keys are those of vectors and not within them. Threads share the (sample, head) pairs.
 */
final class AttentionKernel {

    private static final int QUERIES = 32;      // a multiple of Floats.ROWS, and of a vector

    private AttentionKernel() {}

    static void register(KernelTable table) {
        table.put(Attention.class, Layouts.ROW_MAJOR, EnumSet.of(DType.F32), AttentionKernel::run);
    }

    private static void run(Attention op, List<Tensor> in, List<Tensor> out) {
        Shape q = in.get(0).shape();
        int heads = q.dim(2);
        if (in.get(1).dim(1) == 0) {
            out.getFirst().segment().fill((byte) 0);         // sums of nothing
        } else if (out.getFirst().size() > 0) {
            Parallel.forRange((long) q.dim(0) * heads, 1, (from, end) -> {
                Tokens tokens = new Tokens(in, out.getFirst());
                Head head = in.size() == 4 ? new ScoresInRows(op, tokens, in.get(3)) : new ScoresInColumns(op, tokens);
                for (long pair = from; pair < end; pair++) {
                    head.run((int) (pair / heads), (int) (pair % heads));
                }
            });
        }
    }

    /** One thread's buffers, with which it does one head after the other. */
    private interface Head {
        void run(int sample, int head);
    }

    /** The operands and the result in memory: [samples, tokens, heads, size] each. */
    private static final class Tokens {
        private final MemorySegment q;
        private final MemorySegment k;
        private final MemorySegment v;
        private final MemorySegment y;
        private final int samples;
        private final int queries;
        private final int keys;
        private final int heads;
        private final int depth;
        private final int width;

        Tokens(List<Tensor> in, Tensor out) {
            q = Lanes.global(in.get(0).segment());
            k = Lanes.global(in.get(1).segment());
            v = Lanes.global(in.get(2).segment());
            y = Lanes.global(out.segment());
            samples = out.dim(0);
            queries = in.get(0).dim(1);
            keys = in.get(1).dim(1);
            heads = in.get(0).dim(2);
            depth = in.get(0).dim(3);
            width = in.get(2).dim(3);
        }

        void readQuery(int sample, int token, int head, float[] to, int at) {
            read(q, place(sample, queries, token, head, depth), depth, to, at);
        }

        void readKey(int sample, int token, int head, float[] to, int at) {
            read(k, place(sample, keys, token, head, depth), depth, to, at);
        }

        void readValue(int sample, int token, int head, float[] to, int at) {
            read(v, place(sample, keys, token, head, width), width, to, at);
        }

        private static void read(MemorySegment from, long place, int size, float[] to, int at) {
            int i = 0;
            for (; i + COUNT <= size; i += COUNT) {      // a copy of so little is mostly its call
                FloatVector.fromMemorySegment(F32, from, place + (long) i * Float.BYTES, Lanes.ORDER)
                        .intoArray(to, at + i);
            }
            if (i < size) {
                MemorySegment.copy(from, JAVA_FLOAT_UNALIGNED, place + (long) i * Float.BYTES, to, at + i, size - i);
            }
        }

        void write(float[] from, int at, int sample, int token, int head) {
            long place = place(sample, queries, token, head, width);
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
    }

    /** Keys are packed transposed. */
    private static final class ScoresInRows implements Head {
        private final float scale;
        private final Tokens tokens;
        private final MemorySegment bias;
        private final long[] biasSteps;
        private final int queries;
        private final int keys;
        private final int depth;
        private final int columns;               // keys, padded
        private final int outColumns;            // width, padded
        private final float[] transposed;        // [depth, columns]
        private final float[] values;            // [keys, outColumns]
        private final float[] rows;              // [QUERIES, depth]
        private final float[] scores;            // [QUERIES, columns]
        private final float[] results;           // [QUERIES, outColumns]
        private final float[] tile;              // [COUNT, depth]
        private final float[] line;              // [columns]

        ScoresInRows(Attention op, Tokens tokens, Tensor bias) {
            this.scale = (float) op.scale();
            this.tokens = tokens;
            this.bias = Lanes.global(bias.segment());
            queries = tokens.queries;
            keys = tokens.keys;
            depth = tokens.depth;
            biasSteps = bias.shape().stridesWithin(Shape.of(tokens.samples, tokens.heads, queries, keys),
                    Layout.ROW_MAJOR);
            columns = Floats.padded(keys);
            outColumns = Floats.padded(tokens.width);
            transposed = new float[depth * columns];
            values = new float[keys * outColumns];
            rows = new float[QUERIES * depth];
            scores = new float[QUERIES * columns];
            results = new float[QUERIES * outColumns];
            tile = new float[COUNT * depth];
            line = new float[columns];
        }

        @Override
        public void run(int sample, int head) {
            pack(sample, head);
            for (int first = 0; first < queries; first += QUERIES) {
                int count = Math.min(QUERIES, queries - first);
                int whole = Floats.wholeRows(count);
                for (int r = 0; r < count; r++) {
                    tokens.readQuery(sample, first + r, head, rows, r * depth);
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
                    tokens.write(results, r * outColumns, sample, first + r, head);
                }
            }
        }

        /** The head's keys times the scale, transposed a vector's worth of them at a time, and its values. */
        private void pack(int sample, int head) {
            for (int first = 0; first < keys; first += COUNT) {
                int count = Math.min(COUNT, keys - first);
                for (int j = 0; j < count; j++) {
                    tokens.readKey(sample, first + j, head, tile, j * depth);
                    tokens.readValue(sample, first + j, head, values, (first + j) * outColumns);
                }
                for (int d = 0; d < depth; d++) {
                    for (int j = 0; j < COUNT; j++) {
                        transposed[d * columns + first + j] = tile[j * depth + d] * scale;
                    }
                }
            }
        }

        /** Adds a row of the bias; what is no key can have no weight. */
        private void addBias(int start, int sample, int head, int query) {
            Arrays.fill(scores, start + keys, start + columns, Float.NEGATIVE_INFINITY);
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

    /** Queries are transposed, some at a time; a vector has a key's scores for so many of them. */
    private static final class ScoresInColumns implements Head {
        private final float scale;
        private final Tokens tokens;
        private final int keys;
        private final int depth;
        private final int across;                // queries at once, padded to vectors and to rows
        private final int outColumns;            // width, padded
        private final float[] keyRows;           // [whole rows, depth]
        private final float[] values;            // [keys, outColumns]
        private final float[] row;               // [depth]
        private final float[] transposed;        // [depth, across]
        private final float[] scores;            // [whole rows, across]
        private final float[] results;           // [across, outColumns]

        ScoresInColumns(Attention op, Tokens tokens) {
            this.scale = (float) op.scale();
            this.tokens = tokens;
            keys = tokens.keys;
            depth = tokens.depth;
            across = Floats.wholeRows(Floats.padded(Math.min(tokens.queries, QUERIES)));
            outColumns = Floats.padded(tokens.width);
            keyRows = new float[Floats.wholeRows(keys) * depth];
            values = new float[keys * outColumns];
            row = new float[depth];
            transposed = new float[depth * across];
            scores = new float[Floats.wholeRows(keys) * across];
            results = new float[across * outColumns];
        }

        @Override
        public void run(int sample, int head) {
            for (int token = 0; token < keys; token++) {
                tokens.readKey(sample, token, head, keyRows, token * depth);
                tokens.readValue(sample, token, head, values, token * outColumns);
            }
            for (int first = 0; first < tokens.queries; first += across) {
                int count = Math.min(across, tokens.queries - first);
                transpose(sample, head, first, count);
                Arrays.fill(scores, 0);
                Floats.multiplyAdd(new Floats.Left(keyRows, 0, depth, 1), new Floats.Right(transposed, 0, across),
                        depth, scores, 0, across, Floats.wholeRows(keys), across);
                Floats.softmaxDown(scores, keys, across);
                Arrays.fill(results, 0);
                Floats.multiplyAdd(new Floats.Left(scores, 0, 1, across), new Floats.Right(values, 0, outColumns),
                        keys, results, 0, outColumns, Floats.wholeRows(count), outColumns);
                for (int r = 0; r < count; r++) {
                    tokens.write(results, r * outColumns, sample, first + r, head);
                }
            }
        }

        private void transpose(int sample, int head, int first, int count) {
            for (int r = 0; r < count; r++) {
                tokens.readQuery(sample, first + r, head, row, 0);
                for (int d = 0; d < depth; d++) {
                    transposed[d * across + r] = row[d] * scale;
                }
            }
        }
    }
}
