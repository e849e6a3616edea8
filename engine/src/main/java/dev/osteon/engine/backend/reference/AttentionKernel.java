package dev.osteon.engine.backend.reference;

import dev.osteon.engine.op.Attention;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Attention, a query at a time. */
final class AttentionKernel {

    private AttentionKernel() {}

    static void attention(Attention op, List<Tensor> inputs, List<Tensor> outputs) {
        Shape qs = inputs.get(0).shape();
        Shape vs = inputs.get(2).shape();
        int heads = qs.dim(2);
        int keys = vs.dim(1);
        int depth = qs.dim(3);
        int width = vs.dim(3);
        double[] q = Elements.doubles(inputs.get(0));
        double[] k = Elements.doubles(inputs.get(1));
        double[] v = Elements.doubles(inputs.get(2));
        double[] bias = inputs.size() == 4 ? Elements.doubles(inputs.get(3)) : new double[1];
        long[] steps = inputs.size() == 4 ? inputs.get(3).shape().stridesWithin(Shape.of(qs.dim(0), heads, qs.dim(1),
                keys), Layout.ROW_MAJOR) : new long[4];
        double[] y = new double[Elements.count(outputs.getFirst())];
        double[] p = new double[keys];
        for (int row = 0; row < qs.dim(0) * qs.dim(1) * heads; row++) {       // (sample, query, head)
            int head = row % heads;
            int query = row / heads % qs.dim(1);
            int sample = row / heads / qs.dim(1);
            double top = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < keys; j++) {
                double dot = 0;
                for (int d = 0; d < depth; d++) {
                    dot += q[row * depth + d] * k[((sample * keys + j) * heads + head) * depth + d];
                }
                p[j] = op.scale() * dot
                        + bias[(int) (sample * steps[0] + head * steps[1] + query * steps[2] + j * steps[3])];
                top = Math.max(top, p[j]);
            }
            double sum = 0;
            for (int j = 0; j < keys; j++) {
                p[j] = Math.exp(p[j] - top);
                sum += p[j];
            }
            for (int j = 0; j < keys; j++) {
                for (int e = 0; e < width; e++) {
                    y[row * width + e] += p[j] / sum * v[((sample * keys + j) * heads + head) * width + e];
                }
            }
        }
        Elements.write(outputs.getFirst(), y);
    }
}
