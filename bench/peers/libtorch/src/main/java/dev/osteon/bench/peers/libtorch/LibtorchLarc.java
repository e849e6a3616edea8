package dev.osteon.bench.peers.libtorch;

import static dev.osteon.bench.peers.libtorch.LibtorchLosses.of;
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
import org.bytedeco.pytorch.Tensor;

/** Steps of LARC that begin with the same gradients. */
final class LibtorchLarc implements Work {

    private final PointerScope scope = new PointerScope();
    private final List<Tensor> parameters = new ArrayList<>();
    private final List<Tensor> gradients = new ArrayList<>();
    private final LibtorchLarcSgd larc;

    LibtorchLarc() {
        for (int[] dims : shapes()) {
            int i = parameters.size();
            int size = 1;
            long[] shape = new long[dims.length];
            for (int k = 0; k < dims.length; k++) {
                shape[k] = dims[k];
                size *= dims[k];
            }
            parameters.add(of(Inputs.normal(2 * i, size, 0.02), shape).set_requires_grad(true));
            gradients.add(of(Inputs.normal(2 * i + 1, size, 1e-3), shape));
        }
        larc = new LibtorchLarcSgd(parameters, LossSuite.LEARNING_RATE, LossSuite.WEIGHT_DECAY);
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
        try (PointerScope step = new PointerScope()) {
            larc.step(gradients);
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
