package dev.osteon.engine.backend.reference;

import dev.osteon.engine.op.SoftCrossEntropy;
import dev.osteon.engine.op.SoftCrossEntropyBackward;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Cross-entropy against weights over the classes, row by row. */
final class CrossEntropyKernels {

    private CrossEntropyKernels() {}

    static void soft(SoftCrossEntropy op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] x = Elements.doubles(inputs.get(0));
        double[] q = Elements.doubles(inputs.get(1));
        int k = inputs.getFirst().dim(1);
        double[] y = new double[inputs.getFirst().dim(0)];
        double[] logs = new double[y.length];
        for (int row = 0; row < y.length; row++) {
            double top = Double.NEGATIVE_INFINITY;
            for (int i = row * k; i < (row + 1) * k; i++) {
                x[i] *= op.scale();
                top = Math.max(top, x[i]);
            }
            double sum = 0;
            for (int i = row * k; i < (row + 1) * k; i++) {
                sum += Math.exp(x[i] - top);
            }
            logs[row] = top + Math.log(sum);
            for (int i = row * k; i < (row + 1) * k; i++) {
                y[row] -= q[i] * (x[i] - logs[row]);
            }
        }
        Elements.write(outputs.get(0), y);
        Elements.write(outputs.get(1), logs);
    }

    static void softBackward(SoftCrossEntropyBackward op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] x = Elements.doubles(inputs.get(0));
        double[] q = Elements.doubles(inputs.get(1));
        double[] logs = Elements.doubles(inputs.get(2));
        double[] dy = Elements.doubles(inputs.get(3));
        int k = inputs.getFirst().dim(1);
        for (int row = 0; row < dy.length; row++) {
            double total = 0;
            for (int i = row * k; i < (row + 1) * k; i++) {
                total += q[i];
            }
            for (int i = row * k; i < (row + 1) * k; i++) {
                x[i] = dy[row] * op.scale() * (Math.exp(op.scale() * x[i] - logs[row]) * total - q[i]);
            }
        }
        Elements.write(outputs.getFirst(), x);
    }
}
