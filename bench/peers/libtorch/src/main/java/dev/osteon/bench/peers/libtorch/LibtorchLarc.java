package dev.osteon.bench.peers.libtorch;

import static dev.osteon.bench.peers.libtorch.LibtorchLosses.of;
import static dev.osteon.bench.peers.libtorch.LibtorchLosses.scalar;
import static dev.osteon.bench.peers.libtorch.LibtorchLosses.squares;

import dev.osteon.bench.Work;
import dev.osteon.bench.loss.Inputs;
import dev.osteon.bench.loss.LossSuite;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.models.ResNet;
import dev.osteon.models.ResNetSpec;
import dev.osteon.nn.Initializer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * apex's {@code LARC.py} around torch's SGD: norms, rate and scaled gradient of each parameter in turn. The scaled
 * gradient is a new tensor, so that each step begins with the same gradients.
 */
final class LibtorchLarc implements Work {

    private static final double TRUST = 0.001;
    private static final double EPS = 1e-8;

    private final PointerScope scope = new PointerScope();
    private final List<Tensor> parameters = new ArrayList<>();
    private final List<Tensor> gradients = new ArrayList<>();
    private final SGD sgd;

    LibtorchLarc() {
        TensorVector all = new TensorVector();
        for (int[] dims : shapes()) {
            int i = parameters.size();
            int size = 1;
            long[] shape = new long[dims.length];
            for (int k = 0; k < dims.length; k++) {
                shape[k] = dims[k];
                size *= dims[k];
            }
            Tensor parameter = of(Inputs.normal(2 * i, size, 0.02), shape).set_requires_grad(true);
            parameters.add(parameter);
            gradients.add(of(Inputs.normal(2 * i + 1, size, 1e-3), shape));
            all.push_back(parameter);
        }
        SGDOptions options = new SGDOptions(LossSuite.LEARNING_RATE);
        options.momentum().put(0.9);
        sgd = new SGD(all, options);
    }

    /** Of the network's parameters, which are made on the reference backend: it has no threads. */
    private static List<int[]> shapes() {
        Initializer init = Initializer.on(Device.REFERENCE, DType.F32, 1);
        try (ResNet model = new ResNet(init, ResNetSpec.resnet50())) {
            return model.trainable().stream().map(t -> t.shape().toArray()).toList();
        }
    }

    @Override
    public void run() {
        try (PointerScope step = new PointerScope(); NoGradGuard guard = new NoGradGuard()) {
            for (int i = 0; i < parameters.size(); i++) {
                Tensor p = parameters.get(i);
                Tensor g = gradients.get(i);
                double weightNorm = p.norm().item_double();
                double gradientNorm = g.norm().item_double();
                if (weightNorm != 0 && gradientNorm != 0) {
                    double rate = TRUST * weightNorm / (gradientNorm + weightNorm * LossSuite.WEIGHT_DECAY + EPS);
                    g = g.add(p, scalar(LossSuite.WEIGHT_DECAY)).mul_(scalar(rate));
                }
                p.mutable_grad().put(g);
            }
            sgd.step();
        }
    }

    @Override
    public Optional<Outcome> outcome() {
        try (PointerScope step = new PointerScope(); NoGradGuard guard = new NoGradGuard()) {
            List<Tensor> before = parameters.stream().map(p -> p.detach().clone()).toList();
            run();
            double sum = 0;
            for (int i = 0; i < before.size(); i++) {
                sum += squares(parameters.get(i).sub(before.get(i)));
            }
            return Optional.of(new Outcome(0, Math.sqrt(sum)));
        }
    }

    @Override
    public void close() {
        scope.close();
    }
}
