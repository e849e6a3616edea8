package dev.osteon.bench.peers.libtorch;

import static org.bytedeco.pytorch.global.torch.adaptive_avg_pool2d;
import static org.bytedeco.pytorch.global.torch.conv2d;
import static org.bytedeco.pytorch.global.torch.max_pool2d;
import static org.bytedeco.pytorch.global.torch.randn;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;

/** torchvision's ResNet-50 up to its features, ReLU and addition in place. */
final class LibtorchResNet {

    /** Features of an image, for a width of 64. */
    static final int FEATURES = 2048;

    private static final long[] ONE = {1, 1};

    private final LibtorchParameters parameters;
    private final ConvNorm stem;
    private final List<Bottleneck> blocks = new ArrayList<>();

    LibtorchResNet(LibtorchParameters parameters, int inputChannels) {
        this.parameters = parameters;
        stem = new ConvNorm(inputChannels, 64, 7, 2, 3);
        int[] counts = {3, 4, 6, 3};
        int channels = 64;
        for (int stage = 0; stage < counts.length; stage++) {
            int width = 64 << stage;
            for (int i = 0; i < counts[stage]; i++) {
                blocks.add(new Bottleneck(channels, width, i == 0 && stage > 0 ? 2 : 1));
                channels = 4 * width;
            }
        }
    }

    private final class ConvNorm {
        private final Tensor kernel;
        private final LibtorchNorm norm;
        private final long[] stride;
        private final long[] padding;

        ConvNorm(int in, int out, int size, int stride, int padding) {
            kernel = parameters.add(randn(out, in, size, size)
                    .mul(new Scalar((float) Math.sqrt(2.0 / (in * size * size)))));
            norm = new LibtorchNorm(parameters, out);
            this.stride = new long[] {stride, stride};
            this.padding = new long[] {padding, padding};
        }

        Tensor forward(Tensor x) {
            return norm.forward(conv2d(x, kernel, new TensorOptional(), stride, padding, ONE, 1L));
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

    /** Images [N, C, H, W] to features [N, 2048]. */
    Tensor features(Tensor images) {
        Tensor h = max_pool2d(stem.forward(images).relu_(), new long[] {3, 3}, new long[] {2, 2}, ONE, ONE, false);
        for (Bottleneck block : blocks) {
            h = block.forward(h);
        }
        return adaptive_avg_pool2d(h, ONE).flatten(1, -1);
    }
}
