package dev.osteon.bench.peers.libtorch;

import static dev.osteon.bench.peers.libtorch.LibtorchLosses.scalar;

import java.util.List;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;

/**
 * apex's {@code LARC.py} without clipping around torch's SGD with momentum: norms, rate and scaled gradient of each
 * parameter in turn. The scaled gradient is a new tensor, so that the one given stays as it is.
 */
final class LibtorchLarcSgd {

    private static final double TRUST = 0.001;
    private static final double EPS = 1e-8;

    private final List<Tensor> parameters;
    private final double weightDecay;
    private final SGD sgd;

    LibtorchLarcSgd(List<Tensor> parameters, double learningRate, double weightDecay) {
        this.parameters = parameters;
        this.weightDecay = weightDecay;
        SGDOptions options = new SGDOptions(learningRate);
        options.momentum().put(0.9);
        sgd = new SGD(LibtorchParameters.vector(parameters), options);
    }

    /** Forgets the parameters' gradients. */
    void zeroGrad() {
        sgd.zero_grad(true);
    }

    /** One step with a gradient for each parameter. */
    void step(List<Tensor> gradients) {
        try (NoGradGuard guard = new NoGradGuard()) {
            for (int i = 0; i < parameters.size(); i++) {
                Tensor p = parameters.get(i);
                Tensor g = gradients.get(i);
                double weightNorm = p.norm().item_double();
                double gradientNorm = g.norm().item_double();
                if (weightNorm != 0 && gradientNorm != 0) {
                    double rate = TRUST * weightNorm / (gradientNorm + weightNorm * weightDecay + EPS);
                    g = g.add(p, scalar(weightDecay)).mul_(scalar(rate));
                }
                p.mutable_grad().put(g);
            }
            sgd.step();
        }
    }
}
