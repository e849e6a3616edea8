package dev.osteon.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.app.profile.Profile;
import dev.osteon.bench.kernel.BatchNormBenchmark;
import dev.osteon.bench.kernel.ConvolutionBenchmark;
import dev.osteon.bench.kernel.CropResizeBenchmark;
import dev.osteon.bench.kernel.MatMulBenchmark;
import dev.osteon.bench.kernel.ResNetConvolution;
import dev.osteon.bench.loss.NtXentBenchmark;
import dev.osteon.bench.step.TrainingStepBenchmark;
import dev.osteon.engine.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The counters of benchmarks have what arithmetic on paper gives, and benchmarks leave nothing open. */
class KernelCostTest {

    private static final double IMAGES = ConvolutionBenchmark.BATCH;

    private static List<Profile.Row> operations(ComparedBenchmark benchmark) throws IOException {
        long live = Tensor.live();
        benchmark.implementation = ComparedBenchmark.OURS;
        benchmark.setUp();
        ComparedBenchmark.Rates rates = new ComparedBenchmark.Rates();
        benchmark.run(rates);
        benchmark.run(rates);
        benchmark.tearDown();
        assertThat(Tensor.live()).isEqualTo(live);
        List<Profile.Row> operations = ComparedBenchmark.prepared().operations();
        assertThat(rates.gigaflop).isCloseTo(2 * flops(operations) / 1e9, within(1e-9));
        assertThat(rates.gigabyte).isCloseTo(2 * bytes(operations) / 1e9, within(1e-9));
        return operations;
    }

    private static double flops(List<Profile.Row> operations) {
        return operations.stream().mapToDouble(Profile.Row::flops).sum();
    }

    private static double bytes(List<Profile.Row> operations) {
        return operations.stream().mapToDouble(Profile.Row::bytes).sum();
    }

    private static ConvolutionBenchmark convolution(String layer, String pass, String type) {
        ConvolutionBenchmark benchmark = new ConvolutionBenchmark();
        benchmark.layer = layer;
        benchmark.pass = pass;
        benchmark.type = type;
        return benchmark;
    }

    @Test
    void aConvolutionIsCountedInEachDirection() throws IOException {
        double x = IMAGES * 256 * 14 * 14;
        double w = 256 * 256 * 9;
        double flops = 2 * x * 256 * 9;
        List<Profile.Row> forward = operations(convolution("3.spatial", "forward", "f32"));
        assertThat(flops(forward)).isEqualTo(flops);
        assertThat(bytes(forward)).isEqualTo(4 * (2 * x + w));
        assertThat(flops(operations(convolution("3.spatial", "data", "f32")))).isEqualTo(flops);
        assertThat(flops(operations(convolution("3.spatial", "weights", "f32")))).isEqualTo(flops);
        List<Profile.Row> low = operations(convolution("3.spatial", "forward", "bf16"));
        assertThat(bytes(low)).isEqualTo(2 * (2 * x + w));
        assertThat(low).allMatch(row -> row.shapes().startsWith("bf16"));
    }

    @Test
    void aStridedConvolutionsGradientHasTheInputsSize() throws IOException {
        double x = IMAGES * 512 * 28 * 28;
        double y = IMAGES * 1024 * 14 * 14;
        assertThat(bytes(operations(convolution("3.shortcut", "data", "f32"))))
                .isEqualTo(4 * (x + y + 512 * 1024));
    }

    @Test
    void batchNormMovesItsActivations() throws IOException {
        BatchNormBenchmark benchmark = new BatchNormBenchmark();
        benchmark.activation = "2048x7";
        benchmark.branch = "residual";
        benchmark.type = "bf16";
        benchmark.pass = "forward";
        double activation = IMAGES * 2048 * 49 * 2;     // x, y and the residual, and x once more for the statistics
        assertThat(bytes(operations(benchmark))).isBetween(4 * activation, 4 * activation + 2048 * 4 * 4);
        benchmark.pass = "backward";
        assertThat(bytes(operations(benchmark))).isBetween(7 * activation, 7 * activation + 2048 * 4 * 8);
    }

    @Test
    void productsCropsAndLossesAreCounted() throws IOException {
        MatMulBenchmark product = new MatMulBenchmark();
        product.shape = "64x2048x1000";
        product.type = "f32";
        assertThat(flops(operations(product))).isEqualTo(2.0 * 64 * 2048 * 1000);
        CropResizeBenchmark crop = new CropResizeBenchmark();
        crop.views = "local";
        assertThat(bytes(operations(crop))).isGreaterThan(2.0 * 16 * 256 * 256 + 4.0 * 64 * 96 * 96);   // u16 to f32
        NtXentBenchmark loss = new NtXentBenchmark();
        loss.n = 64;        // two views: 128 embeddings of 128 numbers, and half of their similarities
        assertThat(flops(operations(loss))).isBetween(4.0 * 128 * 128 * 128, 4.5 * 128 * 128 * 128);
    }

    @Test
    void aStepIsThreeTimesItsForwardPass() throws IOException {
        TrainingStepBenchmark step = new TrainingStepBenchmark();
        step.images = "1x64";
        step.type = "f32";
        // 4.09e9 multiply-adds for an image of 224²: torchvision's model card
        double forward = 2 * 4.09e9 * 64 * 64 / (224 * 224);
        assertThat(flops(operations(step))).isBetween(2.7 * forward, 3.5 * forward);
    }

    @Test
    void layersAreNamedInOneLine() {
        assertThat(ResNetConvolution.named("4.stride")).isEqualTo(new ResNetConvolution(512, 512, 3, 2, 14));
        assertThat(ResNetConvolution.named("1.expand")).isEqualTo(new ResNetConvolution(64, 256, 1, 1, 56));
        assertThatThrownBy(() -> ResNetConvolution.named("1.stride")).hasMessageContainingAll("1.stride", "2.spatial");
    }
}
