package dev.osteon.bench.peers.libtorch;

import static dev.osteon.bench.peers.libtorch.LibtorchLosses.concat;
import static dev.osteon.bench.peers.libtorch.LibtorchLosses.of;
import static dev.osteon.bench.peers.libtorch.LibtorchLosses.scalar;
import static dev.osteon.bench.peers.libtorch.LibtorchLosses.unit;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.zeros;

import dev.osteon.bench.Work;
import dev.osteon.bench.step.MultiCropStepBenchmark;
import dev.osteon.bench.step.PretextWork;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.views.Resolution;
import dev.osteon.ssl.loss.MultiCropLoss;
import dev.osteon.ssl.views.MultiCrop;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch.MemoryFormat;

/** The pretext step in libtorch, on the same segments: channels-last, autocast for bf16. */
final class LibtorchMultiCropStep implements Work {

    private static final double MEAN = 0.5;
    private static final double DEVIATION = 0.2;

    private final PointerScope scope = new PointerScope();
    private final Philox random = Philox.of(1);
    private final PretextWork.Setting setting;
    private final LibtorchPrecision precision;
    private final LibtorchViews views;
    private final List<Tensor> segments;
    private final List<Tensor> trained;
    private final LibtorchResNet backbone;
    private final Head head;
    private final LibtorchNtXent pair;
    private final LibtorchLarcSgd larc;

    LibtorchMultiCropStep(MultiCropStepBenchmark benchmark, int threads) {
        setting = benchmark.setting();
        precision = LibtorchPrecision.named(benchmark.type);
        views = new LibtorchViews(threads);
        segments = setting.bones().stream().map(bone -> of(bone.pixels(), 1, 1, bone.height(), bone.width())).toList();
        LibtorchParameters parameters = new LibtorchParameters();
        backbone = new LibtorchResNet(parameters, 1);
        head = new Head(parameters);
        trained = parameters.all();
        pair = LibtorchNtXent.of(setting.batch(), PretextWork.TEMPERATURE);
        larc = new LibtorchLarcSgd(trained, PretextWork.LEARNING_RATE, PretextWork.WEIGHT_DECAY);
    }

    /** SimCLR's: linear, batch-norm, ReLU, linear without bias, batch-norm. */
    private static final class Head {
        private final Tensor hidden;
        private final Tensor bias;
        private final LibtorchNorm hiddenNorm;
        private final Tensor out;
        private final LibtorchNorm outNorm;

        Head(LibtorchParameters parameters) {
            int features = LibtorchResNet.FEATURES;
            hidden = parameters.add(randn(features, features).mul(scalar(1 / Math.sqrt(features))));
            bias = parameters.add(zeros(features));
            hiddenNorm = new LibtorchNorm(parameters, features);
            out = parameters.add(randn(PretextWork.DIM, features).mul(scalar(1 / Math.sqrt(features))));
            outNorm = new LibtorchNorm(parameters, PretextWork.DIM);
        }

        Tensor forward(Tensor features) {
            Tensor h = hiddenNorm.forward(linear(features, hidden, new TensorOptional(bias))).relu_();
            return outNorm.forward(linear(h, out));
        }
    }

    /** A batch's views of one size, [views · batch, 1, size, size], all samples of one view before the next. */
    private Tensor images(int[] chosen, Resolution resolution, double degrees) {
        List<LibtorchViews.View> drawn = new ArrayList<>();
        for (int i = 0; i < resolution.count(); i++) {
            for (int n : chosen) {
                Tensor image = segments.get(n);
                drawn.add(new LibtorchViews.View(image, random.nextDouble(-degrees, degrees), random.nextBoolean(),
                        random.nextBoolean(), resolution.crop().draw((int) image.size(2), (int) image.size(3),
                                random)));
            }
        }
        return views.cut(drawn, resolution.size()).sub_(scalar(MEAN)).div_(scalar(DEVIATION))
                .contiguous(MemoryFormat.ChannelsLast);
    }

    @Override
    public void run() {
        try (PointerScope step = new PointerScope()) {
            int batch = setting.batch();
            MultiCrop crops = setting.views().crops();
            int[] chosen = Arrays.copyOf(random.permutation(segments.size()), batch);
            Tensor global = images(chosen, crops.global(), crops.rotationDegrees());
            Tensor local = images(chosen, crops.local(), crops.rotationDegrees());
            larc.zeroGrad();
            Tensor embeddings = precision.forward(() ->
                    head.forward(concat(List.of(backbone.features(global), backbone.features(local)))));
            Tensor z = unit(embeddings).view(crops.views(), batch, PretextWork.DIM);
            Tensor loss = MultiCropLoss.pairs(crops.views()).stream()
                    .map(of -> pair.loss(concat(List.of(z.select(0, of.v()), z.select(0, of.i())))))
                    .reduce(Tensor::add).orElseThrow();
            loss.backward();
            larc.step(trained.stream().map(Tensor::grad).toList());
            double value = loss.item_double();
            if (!Double.isFinite(value)) {
                throw new IllegalStateException("libtorch's pretext step: the loss is " + value);
            }
        }
    }

    @Override
    public void close() {
        views.close();
        scope.close();
    }
}
