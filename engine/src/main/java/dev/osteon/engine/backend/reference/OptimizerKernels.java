package dev.osteon.engine.backend.reference;

import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Optimiser steps, in place. */
final class OptimizerKernels {

    private OptimizerKernels() {}

    static void sgd(SgdStep op, List<Tensor> inputs, List<Tensor> outputs) {
        for (int i = 0; i < inputs.size(); i += 3) {
            double[] p = Elements.doubles(inputs.get(i));
            double[] g = Elements.doubles(inputs.get(i + 1));
            double[] buffer = Elements.doubles(inputs.get(i + 2));
            for (int k = 0; k < p.length; k++) {
                double decayed = g[k] + op.weightDecay() * p[k];
                buffer[k] = op.momentum() * buffer[k] + decayed;
                p[k] -= op.learningRate() * (op.nesterov() == SgdStep.Nesterov.YES
                        ? decayed + op.momentum() * buffer[k] : buffer[k]);
            }
            Elements.write(inputs.get(i), p);
            Elements.write(inputs.get(i + 2), buffer);
        }
    }

    static void larc(LarcStep op, List<Tensor> inputs, List<Tensor> outputs) {
        for (int i = 0; i < inputs.size(); i += 3) {
            double[] p = Elements.doubles(inputs.get(i));
            double[] g = Elements.doubles(inputs.get(i + 1));
            double[] buffer = Elements.doubles(inputs.get(i + 2));
            double normP = norm(p);
            double normG = norm(g);
            boolean adapts = normP != 0 && normG != 0;
            double rate = op.trust() * normP / (normG + op.weightDecay() * normP + op.eps());
            double factor = op.mode() == LarcStep.Mode.CLIP ? Math.min(rate / op.learningRate(), 1) : rate;
            for (int k = 0; k < p.length; k++) {
                double scaled = adapts ? (g[k] + op.weightDecay() * p[k]) * factor : g[k];
                buffer[k] = op.momentum() * buffer[k] + scaled;
                p[k] -= op.learningRate() * buffer[k];
            }
            Elements.write(inputs.get(i), p);
            Elements.write(inputs.get(i + 2), buffer);
        }
    }

    private static double norm(double[] values) {
        double squares = 0;
        for (double value : values) {
            squares += value * value;
        }
        return Math.sqrt(squares);
    }
}
