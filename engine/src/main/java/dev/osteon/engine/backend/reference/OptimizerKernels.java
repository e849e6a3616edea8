package dev.osteon.engine.backend.reference;

import dev.osteon.engine.backend.host.LossScales;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.LossScaleStep;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.op.StepOperands;
import dev.osteon.engine.op.UnscaleGradients;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Optimiser steps, in place. */
final class OptimizerKernels {

    private OptimizerKernels() {}

    static void sgd(SgdStep op, List<Tensor> given, List<Tensor> outputs) {
        StepOperands step = StepOperands.of(given);
        List<Tensor> inputs = LossScales.toStep(step);
        double learningRate = Elements.doubles(step.learningRate())[0];
        for (int i = 0; i < inputs.size(); i += 3) {
            double[] p = Elements.doubles(inputs.get(i));
            double[] g = Elements.doubles(inputs.get(i + 1));
            double[] buffer = Elements.doubles(inputs.get(i + 2));
            for (int k = 0; k < p.length; k++) {
                double decayed = g[k] + op.weightDecay() * p[k];
                buffer[k] = op.momentum() * buffer[k] + decayed;
                p[k] -= learningRate * (op.nesterov() == SgdStep.Nesterov.YES
                        ? decayed + op.momentum() * buffer[k] : buffer[k]);
            }
            Elements.write(inputs.get(i), p);
            Elements.write(inputs.get(i + 2), buffer);
        }
    }

    static void larc(LarcStep op, List<Tensor> given, List<Tensor> outputs) {
        StepOperands step = StepOperands.of(given);
        List<Tensor> inputs = LossScales.toStep(step);
        double learningRate = Elements.doubles(step.learningRate())[0];
        for (int i = 0; i < inputs.size(); i += 3) {
            double[] p = Elements.doubles(inputs.get(i));
            double[] g = Elements.doubles(inputs.get(i + 1));
            double[] buffer = Elements.doubles(inputs.get(i + 2));
            double normP = norm(p);
            double normG = norm(g);
            boolean adapts = normP != 0 && normG != 0;
            double rate = op.trust() * normP / (normG + op.weightDecay() * normP + op.eps());
            double factor = op.mode() == LarcStep.Mode.CLIP ? Math.min(rate / learningRate, 1) : rate;
            for (int k = 0; k < p.length; k++) {
                double scaled = adapts ? (g[k] + op.weightDecay() * p[k]) * factor : g[k];
                buffer[k] = op.momentum() * buffer[k] + scaled;
                p[k] -= learningRate * buffer[k];
            }
            Elements.write(inputs.get(i), p);
            Elements.write(inputs.get(i + 2), buffer);
        }
    }

    static void unscale(UnscaleGradients op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] state = Elements.doubles(inputs.getFirst());
        for (Tensor gradient : inputs.subList(1, inputs.size())) {
            double[] g = Elements.doubles(gradient);
            for (int k = 0; k < g.length; k++) {
                state[UnscaleGradients.OVERFLOW] = Double.isFinite(g[k]) ? state[UnscaleGradients.OVERFLOW] : 1;
                g[k] /= state[0];
            }
            Elements.write(gradient, g);
        }
        Elements.write(inputs.getFirst(), state);
    }

    static void lossScale(LossScaleStep op, List<Tensor> inputs, List<Tensor> outputs) {
        double[] state = Elements.doubles(inputs.getFirst());
        if (state[UnscaleGradients.OVERFLOW] != 0) {
            state[0] *= op.backoff();
            state[1] = 0;
        } else if (++state[1] >= op.interval()) {
            double larger = state[0] * op.growth();
            state[0] = Float.isFinite((float) larger) ? larger : state[0];
            state[1] = 0;
        }
        state[UnscaleGradients.OVERFLOW] = 0;
        Elements.write(inputs.getFirst(), state);
    }

    private static double norm(double[] values) {
        double squares = 0;
        for (double value : values) {
            squares += value * value;
        }
        return Math.sqrt(squares);
    }
}
