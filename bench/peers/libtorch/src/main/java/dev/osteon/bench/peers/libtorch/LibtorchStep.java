package dev.osteon.bench.peers.libtorch;

import static org.bytedeco.pytorch.global.torch.adaptive_avg_pool2d;
import static org.bytedeco.pytorch.global.torch.batch_norm;
import static org.bytedeco.pytorch.global.torch.clear_cache;
import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.cross_entropy_loss;
import static org.bytedeco.pytorch.global.torch.linear;
import static org.bytedeco.pytorch.global.torch.max_pool2d;
import static org.bytedeco.pytorch.global.torch.ones;
import static org.bytedeco.pytorch.global.torch.randint;
import static org.bytedeco.pytorch.global.torch.randn;
import static org.bytedeco.pytorch.global.torch.set_autocast_dtype;
import static org.bytedeco.pytorch.global.torch.set_autocast_enabled;
import static org.bytedeco.pytorch.global.torch.zeros;

import dev.osteon.bench.Work;
import dev.osteon.bench.step.TrainingStepBenchmark;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** The step in libtorch: channels-last, ReLU and addition in place, autocast for bf16, as its users write it. */
final class LibtorchStep implements Work {

    private static final int CLASSES = TrainingStepBenchmark.CLASSES;
    private static final long[] ONE = {1, 1};

    private final boolean mixed;
    private final PointerScope scope = new PointerScope();
    private final TensorVector parameters = new TensorVector();
    private final ConvNorm stem;
    private final List<Bottleneck> blocks = new ArrayList<>();
    private final Tensor weight;
    private final Tensor bias;
    private final SGD sgd;
    private final Tensor images;
    private final Tensor labels;

    LibtorchStep(int batch, int size, boolean mixed) {
        this.mixed = mixed;
        stem = new ConvNorm(3, 64, 7, 2, 3);
        int[] counts = {3, 4, 6, 3};
        int channels = 64;
        for (int stage = 0; stage < counts.length; stage++) {
            int width = 64 << stage;
            for (int i = 0; i < counts[stage]; i++) {
                blocks.add(new Bottleneck(channels, width, i == 0 && stage > 0 ? 2 : 1));
                channels = 4 * width;
            }
        }
        weight = parameter(randn(CLASSES, channels).mul(new Scalar(0.01f)));
        bias = parameter(zeros(CLASSES));
        SGDOptions options = new SGDOptions(1e-3);
        options.momentum().put(0.9);
        sgd = new SGD(parameters, options);
        images = randn(batch, 3, size, size).contiguous(MemoryFormat.ChannelsLast);
        labels = randint(CLASSES, new long[] {batch}).to(ScalarType.Long);
    }

    private Tensor parameter(Tensor values) {
        Tensor laid = values.dim() == 4 ? values.contiguous(MemoryFormat.ChannelsLast) : values;
        Tensor leaf = laid.detach();
        leaf.set_requires_grad(true);
        parameters.push_back(leaf);
        return leaf;
    }

    private final class ConvNorm {
        private final Tensor kernel;
        private final Tensor gamma;
        private final Tensor beta;
        private final Tensor runningMean;
        private final Tensor runningVariance;
        private final long[] stride;
        private final long[] padding;

        ConvNorm(int in, int out, int size, int stride, int padding) {
            kernel = parameter(randn(out, in, size, size).mul(new Scalar((float) Math.sqrt(2.0 / (in * size * size)))));
            gamma = parameter(ones(out));
            beta = parameter(zeros(out));
            runningMean = zeros(out);
            runningVariance = ones(out);
            this.stride = new long[] {stride, stride};
            this.padding = new long[] {padding, padding};
        }

        Tensor forward(Tensor x) {
            Tensor y = conv2d(x, kernel, new TensorOptional(), stride, padding, ONE, 1L);
            return batch_norm(y, new TensorOptional(gamma), new TensorOptional(beta), new TensorOptional(runningMean),
                    new TensorOptional(runningVariance), true, 0.1, 1e-5, false);
        }
    }

    private final class Bottleneck {
        private final ConvNorm reduce;
        private final ConvNorm spatial;
        private final ConvNorm expand;
        private final Optional<ConvNorm> downsample;

        Bottleneck(int in, int width, int stride) {
            reduce = new ConvNorm(in, width, 1, 1, 0);
            spatial = new ConvNorm(width, width, 3, stride, 1);
            expand = new ConvNorm(width, 4 * width, 1, 1, 0);
            downsample = stride != 1 || in != 4 * width ? Optional.of(new ConvNorm(in, 4 * width, 1, stride, 0))
                    : Optional.empty();
        }

        Tensor forward(Tensor x) {
            Tensor y = expand.forward(spatial.forward(reduce.forward(x).relu_()).relu_());
            return y.add_(downsample.isPresent() ? downsample.get().forward(x) : x).relu_();
        }
    }

    @Override
    public void run() {
        try (PointerScope step = new PointerScope()) {
            sgd.zero_grad(true);
            if (mixed) {
                set_autocast_dtype(DeviceType.CPU, ScalarType.BFloat16);
                set_autocast_enabled(DeviceType.CPU, true);
            }
            Tensor h = max_pool2d(stem.forward(images).relu_(), new long[] {3, 3}, new long[] {2, 2}, ONE, ONE, false);
            for (Bottleneck block : blocks) {
                h = block.forward(h);
            }
            Tensor features = adaptive_avg_pool2d(h, ONE).flatten(1, -1);
            Tensor scores = linear(features, weight, new TensorOptional(bias));
            if (mixed) {
                clear_cache();
                set_autocast_enabled(DeviceType.CPU, false);
            }
            Tensor loss = cross_entropy_loss(scores.to(ScalarType.Float), labels);
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
