package dev.osteon.bench.peers.libtorch;

import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.randint;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.zeros;

import dev.osteon.bench.Work;
import dev.osteon.bench.step.TrainingStepBenchmark;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The step in libtorch: channels-last, autocast for bf16, as its users write it. */
final class LibtorchStep implements Work {

    private static final int CLASSES = TrainingStepBenchmark.CLASSES;

    private final PointerScope scope = new PointerScope();
    private final LibtorchPrecision precision;
    private final LibtorchResNet backbone;
    private final Tensor weight;
    private final Tensor bias;
    private final SGD sgd;
    private final Tensor images;
    private final Tensor labels;

    LibtorchStep(TrainingStepBenchmark benchmark) {
        precision = LibtorchPrecision.named(benchmark.type);
        LibtorchParameters parameters = new LibtorchParameters();
        backbone = new LibtorchResNet(parameters, 3);
        weight = parameters.add(randn(CLASSES, LibtorchResNet.FEATURES).mul(new Scalar(0.01f)));
        bias = parameters.add(zeros(CLASSES));
        SGDOptions options = new SGDOptions(1e-3);
        options.momentum().put(0.9);
        sgd = new SGD(LibtorchParameters.vector(parameters.all()), options);
        int batch = benchmark.batch();
        images = randn(batch, 3, benchmark.side(), benchmark.side()).contiguous(MemoryFormat.ChannelsLast);
        labels = randint(CLASSES, new long[] {batch}).to(ScalarType.Long);
    }

    @Override
    public void run() {
        try (PointerScope step = new PointerScope()) {
            sgd.zero_grad(true);
            Tensor scores = precision.forward(() ->
                    linear(backbone.features(images), weight, new TensorOptional(bias)));
            Tensor loss = cross_entropy_loss(scores, labels);
            loss.backward();
            sgd.step();
            loss.item_double();
        }
    }

    @Override
    public void close() {
        scope.close();
    }
}
