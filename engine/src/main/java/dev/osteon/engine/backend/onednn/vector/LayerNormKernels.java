package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.LayerNorm;
import dev.osteon.engine.op.LayerNormBackward;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Layer normalisation, a row at a time: after the first pass over it a row is in the cache. */
final class LayerNormKernels {

    /** Elements per chunk of rows, whose parts of the parameters' gradients are added up in order. */
    private static final int CHUNK = 1 << 15;

    private LayerNormKernels() {}

    static void register(Registry registry) {
        registry.floats(LayerNorm.class, Layouts.ROW_MAJOR, LayerNormKernels::forward)
                .floats(LayerNormBackward.class, Layouts.ROW_MAJOR, LayerNormKernels::backward);
    }

    private static double[] read(Tensor tensor) {
        double[] values = new double[Doubles.padded(Math.toIntExact(tensor.size()))];
        Strip.of(tensor).read(0, 1, values, (int) tensor.size());
        return values;
    }

    private static void forward(LayerNorm op, List<Tensor> in, List<Tensor> out) {
        Strip x = Strip.of(in.get(0));
        double[] gamma = read(in.get(1));
        double[] beta = read(in.get(2));
        int n = (int) in.get(1).size();
        Strip y = Strip.of(out.get(0));
        Strip means = Strip.of(out.get(1));
        Strip inverses = Strip.of(out.get(2));
        Parallel.forRange(out.get(1).size(), Math.max(1, CHUNK / Math.max(1, n)), (from, to) -> {
            double[] v = new double[gamma.length];
            double[] one = new double[1];
            for (long row = from; row < to; row++) {
                x.read(row * n, 1, v, n);
                double mean = Doubles.sum(v, n) / Math.max(1, n);
                for (int i = 0; i < n; i++) {
                    v[i] -= mean;
                }
                double inverse = 1 / Math.sqrt(Doubles.dot(v, v, n) / Math.max(1, n) + op.eps());
                for (int i = 0; i < n; i++) {
                    v[i] = gamma[i] * v[i] * inverse + beta[i];
                }
                y.write(v, n, row * n, 1);
                one[0] = mean;
                means.write(one, 1, row, 1);
                one[0] = inverse;
                inverses.write(one, 1, row, 1);
            }
        });
    }

    private static void backward(LayerNormBackward op, List<Tensor> in, List<Tensor> out) {
        double[] gamma = read(in.get(2));
        int n = (int) in.get(2).size();
        long rows = in.get(3).size();
        int perChunk = Math.max(1, CHUNK / Math.max(1, n));
        int chunks = Math.toIntExact((rows + perChunk - 1) / perChunk);
        double[][] dgamma = new double[Math.max(1, chunks)][n];
        double[][] dbeta = new double[Math.max(1, chunks)][n];
        Strip mean = Strip.of(in.get(3));
        Strip inverse = Strip.of(in.get(4));
        Parallel.forRange(chunks, 1, (from, to) -> {
            Row row = new Row(Strip.of(in.get(0)), Strip.of(in.get(1)), Strip.of(out.get(0)), gamma, n);
            double[] one = new double[2];
            for (int chunk = (int) from; chunk < to; chunk++) {
                long end = Math.min(rows, (chunk + 1L) * perChunk);
                for (long r = (long) chunk * perChunk; r < end; r++) {
                    mean.read(r, 1, one, 1);
                    double m = one[0];
                    inverse.read(r, 1, one, 1);
                    row.backward(r, m, one[0], dgamma[chunk], dbeta[chunk]);
                }
            }
        });
        writeSum(dgamma, out.get(1));
        writeSum(dbeta, out.get(2));
    }

    private static void writeSum(double[][] parts, Tensor target) {
        double[] sum = parts[0];
        for (int chunk = 1; chunk < parts.length; chunk++) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += parts[chunk][i];
            }
        }
        Strip.of(target).write(sum, sum.length, 0, 1);
    }

    /** One thread's working memory. */
    private record Row(Strip dy, Strip x, Strip dx, double[] gamma, int n, double[] g, double[] normalised,
            double[] h) {

        Row(Strip dy, Strip x, Strip dx, double[] gamma, int n) {
            this(dy, x, dx, gamma, n, new double[n], new double[n], new double[n]);
        }

        /** With x̂ = (x − mean)·r and h = dy·gamma: dx = r·(h − mean(h) − x̂·mean(h·x̂)). */
        void backward(long row, double mean, double r, double[] dgamma, double[] dbeta) {
            dy.read(row * n, 1, g, n);
            x.read(row * n, 1, normalised, n);
            for (int i = 0; i < n; i++) {
                normalised[i] = (normalised[i] - mean) * r;
            }
            for (int i = 0; i < n; i++) {
                dbeta[i] += g[i];
            }
            for (int i = 0; i < n; i++) {
                dgamma[i] += g[i] * normalised[i];
            }
            for (int i = 0; i < n; i++) {
                h[i] = g[i] * gamma[i];
            }
            double meanH = Doubles.sum(h, n) / n;
            double meanHx = Doubles.dot(h, normalised, n) / n;
            for (int i = 0; i < n; i++) {
                h[i] = r * (h[i] - meanH - normalised[i] * meanHx);
            }
            dx.write(h, n, row * n, 1);
        }
    }
}
