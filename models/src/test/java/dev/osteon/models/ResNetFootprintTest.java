package dev.osteon.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.nn.Initializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResNetFootprintTest {

    @ParameterizedTest
    @CsvSource({"resnet18, IMAGENET, 0", "resnet34, SMALL_STRIDE_2, 3", "resnet50, SMALL_STRIDE_1, 2"})
    void countsTheParametersOfTheNetworkItself(String name, Stem stem, int classes) {
        ResNetSpec spec = ResNetSpec.named(name).withInputChannels(1).withWidth(4).withGroupWidth(64).withStem(stem)
                .withClasses(classes);
        try (TensorScope scope = TensorScope.open()) {
            long counted = new ResNet(Initializer.on(Device.REFERENCE, DType.F32, 1), spec).parameters().values()
                    .stream().mapToLong(p -> p.shape().size()).sum();
            assertThat(new ResNetFootprint(spec).parameters()).isEqualTo(counted);
        }
    }

    /** torchvision's figures: 11 689 512 and 25 557 032 parameters; 2.48 and 11.11 million activations at 224. */
    @Test
    void agreesWithPublishedFigures() {
        ResNetFootprint small = new ResNetFootprint(ResNetSpec.resnet18().withClasses(1000));
        ResNetFootprint large = new ResNetFootprint(ResNetSpec.resnet50().withClasses(1000));
        assertThat(small.parameters()).isEqualTo(11_689_512);
        assertThat(large.parameters()).isEqualTo(25_557_032);
        assertThat(small.activations(224) / 1e6).isBetween(2.475, 2.485);
        assertThat(large.activations(224) / 1e6).isBetween(11.105, 11.115);
        assertThat(small.largestActivation(224)).isEqualTo(64 * 112 * 112);
    }

    /** A ResNet-50's stem and 16 blocks: 5.8 million numbers in their inputs, of 22 million that are kept otherwise. */
    @Test
    void unitsAreTheStemAndTheBlocks() {
        ResNetFootprint large = new ResNetFootprint(ResNetSpec.resnet50());
        assertThat(large.units(224)).hasSize(1 + 16);
        assertThat(large.units(224).stream().mapToLong(ResNetFootprint.Unit::activations).sum())
                .isEqualTo(large.activations(224));
        assertThat(large.units(224).get(1).input()).isEqualTo(64 * 56 * 56);
        assertThat(large.units(224).getLast().input()).isEqualTo(2048 * 7 * 7);
        assertThat(large.units(224).stream().mapToLong(ResNetFootprint.Unit::input).sum() / 1e6).isBetween(5.7, 5.8);
    }
}
