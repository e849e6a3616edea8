package dev.osteon.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.ResNetSpec.Block;
import dev.osteon.nn.Bias;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Mode;
import dev.osteon.nn.Parameter;
import dev.osteon.nn.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResNetTest {

    private static final Initializer INIT = Initializer.on(Device.REFERENCE, DType.F64, 3);
    private static final ResNetSpec TINY = ResNetSpec.of(Block.BASIC, 1, 1).withWidth(4).withStem(Stem.SMALL_STRIDE_2)
            .withInputChannels(1);
    private final long before = Tensor.live();

    @AfterEach
    void nothingLeaks() {
        assertThat(Tensor.live()).isEqualTo(before);
    }

    private static Tensor images(int n, int channels, int size, String name) {
        return Tensor.of(Device.REFERENCE, Shape.of(n, channels, size, size), DType.F64,
                HashedWeights.u(5, name, n * channels * size * size));
    }

    @Test
    void everyStemAndBlockGivesFeaturesOfTheSaidLength() {
        try (TensorScope _ = TensorScope.open()) {
            for (Stem stem : Stem.values()) {
                for (Block block : Block.values()) {
                    ResNetSpec spec = ResNetSpec.of(block, 1, 1).withWidth(4).withStem(stem).withClasses(3);
                    try (ResNet net = new ResNet(INIT, spec)) {
                        Tensor x = images(2, 3, 16, "x");
                        assertThat(net.features(x).shape()).isEqualTo(Shape.of(2, spec.features()));
                        assertThat(net.forward(x).shape()).isEqualTo(Shape.of(2, 3));
                    }
                }
            }
        }
        assertThat(ResNetSpec.resnet50().features()).isEqualTo(2048);
        assertThat(ResNetSpec.resnet34().features()).isEqualTo(512);
        assertThat(ResNetSpec.resnet50().description())
                .isEqualTo("resnet50(channels 3, width 64, stem imagenet, classes 0)");
    }

    @Test
    void gradientsOfTinyNetworksAreThoseOfFiniteDifferences() {
        for (ResNetSpec spec : List.of(TINY, ResNetSpec.of(Block.BOTTLENECK, 1).withWidth(2).withInputChannels(1)
                .withStem(Stem.SMALL_STRIDE_1))) {
            try (ResNet net = new ResNet(INIT, spec.withClasses(2))) {
                HashedWeights.fill(net, 11, HashedWeights.Profile.GATED, HashedWeights.Running.HASHED);
                for (Mode mode : Mode.values()) {
                    net.mode(mode);
                    check(net);
                }
            }
        }
    }

    private static void check(ResNet net) {
        try (TensorScope _ = TensorScope.open(); Tape tape = Tape.watching(net.trainable())) {
            Tensor x = images(3, 1, 8, "gradcheck");
            try (Gradients gradients = tape.gradients(loss(net, x), net.trainable())) {
                net.parameters().forEach((name, parameter) -> {
                    double[] analytic = gradients.of(parameter.tensor()).toDoubles();
                    int at = analytic.length / 2;
                    assertThat(analytic[at]).as(name).isCloseTo(difference(net, x, parameter, at), within(2e-7));
                });
            }
        }
    }

    private static double difference(ResNet net, Tensor x, Parameter parameter, int at) {
        double h = 1e-5;
        double[] values = parameter.values();
        double original = values[at];
        values[at] = original + h;
        parameter.assign(values);
        double up = loss(net, x).item();
        values[at] = original - h;
        parameter.assign(values);
        double down = loss(net, x).item();
        values[at] = original;
        parameter.assign(values);
        return (up - down) / (2 * h);
    }

    private static Tensor loss(ResNet net, Tensor x) {
        return Ops.crossEntropy(net.forward(x), Tensor.of(Device.REFERENCE, Shape.of(3), 0, 1, 1));
    }

    @Test
    void evaluationKeepsOnlyTheFeatures() {
        try (TensorScope _ = TensorScope.open(); ResNet net = new ResNet(INIT, TINY)) {
            net.mode(Mode.EVAL);
            Tensor x = images(2, 1, 16, "x");
            long live = Tensor.live();
            net.features(x);
            assertThat(Tensor.live()).isEqualTo(live + 1);
        }
    }

    @Test
    void imagesOfOtherChannelsAreRefused() {
        try (TensorScope _ = TensorScope.open(); ResNet net = new ResNet(INIT, TINY)) {
            Tensor rgb = images(1, 3, 16, "x");
            assertThatThrownBy(() -> net.forward(rgb)).isInstanceOf(EngineException.class)
                    .hasMessageContaining("given f64[1, 3, 16, 16]; expected images [N, 1, H, W]");
        }
        assertThatThrownBy(() -> ResNetSpec.named("vgg")).isInstanceOf(EngineException.class)
                .hasMessageContaining("given vgg");
        assertThatThrownBy(() -> TINY.withWidth(0)).isInstanceOf(EngineException.class)
                .hasMessageContaining("width: given 0");
    }

    @Test
    void torchvisionWeightsLoadWithoutClassifierAndIntoOneChannel(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("rgb.safetensors");
        try (TensorScope _ = TensorScope.open();
                ResNet rgb = new ResNet(INIT, TINY.withInputChannels(3).withClasses(5));
                ResNet grey = new ResNet(INIT.child("other"), TINY);
                ResNet deeper = new ResNet(INIT, ResNetSpec.of(Block.BASIC, 1, 1, 1).withWidth(4)
                        .withStem(Stem.SMALL_STRIDE_2).withInputChannels(1))) {
            rgb.mode(Mode.EVAL);
            grey.mode(Mode.EVAL);
            Weights.write(file, rgb);
            Weights weights = Weights.read(file);
            Weights.Loaded loaded = PretrainedWeights.load(grey, weights, PretrainedWeights.StemChannels.SUM_TO_ONE);
            assertThat(loaded.unexpected()).containsExactly("fc.weight", "fc.bias");
            assertThat(loaded.missing()).isEmpty();
            Tensor x = images(1, 1, 16, "x");
            Tensor repeated = Ops.concat(1, x, x, x);
            assertThat(grey.features(x).toDoubles()).containsExactly(rgb.features(repeated).toDoubles(), within(1e-10));
            assertThatThrownBy(() -> PretrainedWeights.load(grey, weights, PretrainedWeights.StemChannels.AS_STORED))
                    .isInstanceOf(EngineException.class)
                    .hasMessageContaining("conv1.weight is [4, 3, 3, 3] there and [4, 1, 3, 3] here")
                    .hasMessageContaining("channels 1, width 4");
            assertThatThrownBy(() -> PretrainedWeights.load(deeper, weights, PretrainedWeights.StemChannels.SUM_TO_ONE))
                    .isInstanceOf(EngineException.class).hasMessageContaining("missing [layer3.0.conv1.weight");
        }
    }

    @Test
    void headsHaveTheOfficialNames() {
        try (ProjectionHead plain = new ProjectionHead(INIT, ProjectionHead.Settings.plain(8, 4, 2));
                ProjectionHead swav = new ProjectionHead(INIT, ProjectionHead.Settings.swav(8, 4, 2));
                ProjectionHead simclr = new ProjectionHead(INIT, ProjectionHead.Settings.simclr(8, 8, 8, 2));
                ProjectionHead vicreg = new ProjectionHead(INIT, ProjectionHead.Settings.vicreg(8, 4, 2))) {
            assertThat(plain.parameters().keySet()).containsExactly("0.weight", "0.bias", "2.weight", "2.bias");
            assertThat(swav.parameters().keySet()).containsExactly("0.weight", "0.bias", "1.weight", "1.bias",
                    "3.weight", "3.bias");
            assertThat(vicreg.parameters().keySet()).endsWith("3.weight");
            assertThat(simclr.children().keySet()).containsExactly("0", "1", "3", "4", "6", "7");
        }
        assertThatThrownBy(() -> new ProjectionHead.Settings(List.of(3), ProjectionHead.Norm.NONE,
                ProjectionHead.Norm.NONE, Bias.WITH)).isInstanceOf(EngineException.class)
                .hasMessageContaining("given sizes [3]");
    }

    @Test
    void multiCropRunsTheBackbonePerResolutionAndTheHeadOnce() {
        try (TensorScope _ = TensorScope.open(); EncoderWithHead net = new EncoderWithHead(INIT, TINY,
                ProjectionHead.Settings.plain(TINY.features(), 4, 2))) {
            Tensor large = images(2, 1, 16, "large");
            Tensor small = images(3, 1, 8, "small");
            net.mode(Mode.EVAL);
            double[] together = net.forward(List.of(large, small)).toDoubles();
            assertThat(together).hasSize(5 * 2);
            double[] apart = Ops.concat(0, net.forward(large), net.forward(small)).toDoubles();
            assertThat(together).containsExactly(apart, within(1e-12));
            assertThat(net.parameters().keySet()).contains("backbone.layer2.0.downsample.0.weight", "head.2.bias");
            assertThat(net.architecture()).contains("channels 1").contains("head [8, 4, 2]");
        }
    }
}
