package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.backend.onednn.vector.Lanes.COUNT;
import static dev.osteon.engine.backend.onednn.vector.Lanes.F32;
import static dev.osteon.engine.backend.onednn.vector.TileRows.SIZE;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.PairwiseCrossEntropy;
import dev.osteon.engine.op.PairwiseCrossEntropyBackward;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;
import jdk.incubator.vector.FloatVector;

/**
 * Each row against all others, a tile of the products at a time, which is used up while it is in the cache (the idea of
 * Dao et al. 2022, "FlashAttention"): memory is read once and nothing of size [n, n] written. The products being
 * symmetric, a tile serves its rows and its columns, and half of them need not be computed.
 */
final class PairwiseKernels {

    private static final float NOTHING = Float.NEGATIVE_INFINITY;

    private PairwiseKernels() {}

    static void register(Registry registry) {
        registry.floats(PairwiseCrossEntropy.class, Layouts.ROW_MAJOR, PairwiseKernels::forward)
                .floats(PairwiseCrossEntropyBackward.class, Layouts.ROW_MAJOR, PairwiseKernels::backward);
    }

    private static void forward(PairwiseCrossEntropy op, List<Tensor> in, List<Tensor> out) {
        eachGroup(in.getFirst(), group -> forward(op, group, in, out));
    }

    /** Small groups side by side; of large ones, each is shared out. */
    private static void eachGroup(Tensor x, IntConsumer body) {
        int groups = PairwiseCrossEntropy.groups(x.shape());
        int grain = x.dim(-2) > SIZE * Parallel.threads() ? groups : 1;
        Parallel.forRange(groups, grain, (from, to) -> {
            for (int group = (int) from; group < to; group++) {
                body.accept(group);
            }
        });
    }

    private static void forward(PairwiseCrossEntropy op, int group, List<Tensor> in, List<Tensor> out) {
        TileRows x = TileRows.of(in.get(0), group);
        TileRows p = TileRows.of(in.get(1), group);
        RunningSums sums = new RunningSums(x.tiles() * SIZE);
        Tournament.play(x.tiles(), () -> {
            float[] s = new float[SIZE * SIZE];
            return (i, j) -> {
                x.products(i, j, s);
                scaleAndMask(s, (float) op.scale(), i == j, x.count(i), x.count(j));
                sums.addRows(s, i * SIZE);
                if (i != j) {
                    sums.addColumns(s, j * SIZE);
                }
            };
        });
        float[] s = new float[x.tiles() * SIZE];
        x.products(p, s);
        double[] y = new double[x.n()];
        double[] logs = new double[x.n()];
        for (int i = 0; i < y.length; i++) {
            double log = Math.log(sums.sum[i]);
            y[i] = sums.top[i] - s[i] * (float) op.scale() + log;    // rounded as above: what is alike cancels
            logs[i] = sums.top[i] + log;
        }
        long first = (long) group * x.n();
        Strip.of(out.get(0)).write(y, x.n(), first, 1);
        Strip.of(out.get(1)).write(logs, x.n(), first, 1);
    }

    /** s·scale, and −∞ on the diagonal of a tile with itself and for rows and columns that are not there. */
    private static void scaleAndMask(float[] s, float scale, boolean diagonal, int rows, int columns) {
        for (int at = 0; at < s.length; at += COUNT) {
            Floats.load(s, at).mul(scale).intoArray(s, at);
        }
        for (int r = 0; r < rows && columns < SIZE; r++) {
            Arrays.fill(s, r * SIZE + columns, (r + 1) * SIZE, NOTHING);
        }
        Arrays.fill(s, rows * SIZE, s.length, NOTHING);
        for (int r = 0; r < SIZE && diagonal; r++) {
            s[r * SIZE + r] = NOTHING;
        }
    }

    /** Σ exp of what each row has met so far, as exp(top)·sum with the largest met as top. */
    private record RunningSums(float[] top, double[] sum) {

        RunningSums(int rows) {
            this(new float[rows], new double[rows]);
            Arrays.fill(top, NOTHING);
        }

        /** Makes the row's top at least {@code met}; returns it, or 0 as long as nothing is met. */
        private float raise(int row, float met) {
            float before = top[row];
            if (met > before) {
                top[row] = met;
                sum[row] *= Math.exp(before - met);
            }
            return top[row] == NOTHING ? 0 : top[row];
        }

        /** Row r of the tile is what row {@code first} + r meets. */
        void addRows(float[] s, int first) {
            for (int r = 0; r < SIZE; r++) {
                float shift = raise(first + r, Floats.max(s, r * SIZE, SIZE));
                FloatVector total = FloatVector.zero(F32);
                for (int c = 0; c < SIZE; c += COUNT) {
                    total = total.add(Floats.exp(Floats.load(s, r * SIZE + c).sub(shift)));
                }
                sum[first + r] += Lanes.sum(total);
            }
        }

        /** Column c of the tile is what row {@code first} + c meets. */
        void addColumns(float[] s, int first) {
            float[] shift = new float[COUNT];
            for (int c = 0; c < SIZE; c += COUNT) {
                FloatVector most = Floats.load(s, c);
                for (int r = 1; r < SIZE; r++) {
                    most = most.max(Floats.load(s, r * SIZE + c));
                }
                most.intoArray(shift, 0);
                for (int lane = 0; lane < COUNT; lane++) {
                    shift[lane] = raise(first + c + lane, shift[lane]);
                }
                FloatVector shifts = Floats.load(shift, 0);
                FloatVector total = FloatVector.zero(F32);
                for (int r = 0; r < SIZE; r++) {
                    total = total.add(Floats.exp(Floats.load(s, r * SIZE + c).sub(shifts)));
                }
                total.intoArray(shift, 0);
                for (int lane = 0; lane < COUNT; lane++) {
                    sum[first + c + lane] += shift[lane];
                }
            }
        }
    }

    private static void backward(PairwiseCrossEntropyBackward op, List<Tensor> in, List<Tensor> out) {
        eachGroup(in.getFirst(), group -> backward(op, group, in, out));
    }

    /** dx_i += Σ_j w_ij·x_j for the rows of a tile, dx_j += Σ_i w_ij·x_i for its columns; the scale comes last. */
    private static void backward(PairwiseCrossEntropyBackward op, int group, List<Tensor> in, List<Tensor> out) {
        TileRows x = TileRows.of(in.get(0), group);
        float[] logs = padded(in.get(2), group, x, Float.POSITIVE_INFINITY);        // exp(s − ∞) = 0
        float[] dy = padded(in.get(3), group, x, 0);
        float[] dx = new float[x.rows().length];
        int tile = SIZE * x.width();
        Tournament.play(x.tiles(), () -> {
            float[] w = new float[SIZE * SIZE];
            return (i, j) -> {
                x.products(i, j, w);
                weights(w, (float) op.scale(), logs, dy, i * SIZE, j * SIZE);
                Floats.multiplyAdd(new Floats.Left(w, 0, SIZE, 1), new Floats.Right(x.rows(), j * tile, x.width()),
                        SIZE, dx, i * tile, x.width(), SIZE, x.width());
                if (i != j) {
                    Floats.multiplyAdd(new Floats.Left(w, 0, 1, SIZE), new Floats.Right(x.rows(), i * tile, x.width()),
                            SIZE, dx, j * tile, x.width(), SIZE, x.width());
                }
            };
        });
        finish(op.scale(), x, group, dx, dy, Strip.of(in.get(1)), out);
    }

    /** dx_i = scale·(dx_i − dy_i·p_i) and dp_i = −scale·dy_i·x_i. */
    private static void finish(double scale, TileRows x, int group, float[] dx, float[] dy, Strip p,
            List<Tensor> out) {
        int d = x.depth();
        long first = (long) group * x.n() * d;
        Strip toX = Strip.of(out.get(0));
        Strip toP = Strip.of(out.get(1));
        Parallel.forRange(x.n(), Math.max(1, (1 << 14) / Math.max(1, d)), (from, end) -> {
            double[] row = new double[Doubles.padded(d)];
            for (int i = (int) from; i < end; i++) {
                p.read(first + (long) i * d, 1, row, d);
                for (int k = 0; k < d; k++) {
                    row[k] = scale * (dx[i * x.width() + k] - dy[i] * row[k]);
                }
                toX.write(row, d, first + (long) i * d, 1);
                for (int k = 0; k < d; k++) {
                    row[k] = -scale * dy[i] * x.rows()[i * x.width() + k];
                }
                toP.write(row, d, first + (long) i * d, 1);
            }
        });
    }

    private static float[] padded(Tensor tensor, int group, TileRows x, float beyond) {
        double[] values = new double[Doubles.padded(x.n())];
        Strip.of(tensor).read((long) group * x.n(), 1, values, x.n());
        float[] padded = new float[x.tiles() * SIZE];
        Arrays.fill(padded, beyond);
        for (int i = 0; i < x.n(); i++) {
            padded[i] = (float) values[i];
        }
        return padded;
    }

    /** From products to w_ij = dy_i·exp(s_ij − l_i) + dy_j·exp(s_ij − l_j), 0 on the diagonal. */
    private static void weights(float[] w, float scale, float[] logs, float[] dy, int i, int j) {
        for (int r = 0; r < SIZE; r++) {
            for (int c = 0; c < SIZE; c += COUNT) {
                FloatVector s = Floats.load(w, r * SIZE + c).mul(scale);
                FloatVector ofRow = Floats.exp(s.sub(logs[i + r])).mul(dy[i + r]);
                FloatVector ofColumn = Floats.exp(s.sub(Floats.load(logs, j + c)));
                ofColumn.fma(Floats.load(dy, j + c), ofRow).intoArray(w, r * SIZE + c);
            }
            if (i == j) {
                w[r * SIZE + r] = 0;
            }
        }
    }
}
