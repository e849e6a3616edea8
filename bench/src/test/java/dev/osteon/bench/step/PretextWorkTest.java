package dev.osteon.bench.step;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.osteon.app.profile.Profile;
import dev.osteon.bench.ComparedBenchmark;
import dev.osteon.engine.tensor.Device;
import dev.osteon.nn.TrainingPrecision;
import java.io.IOException;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

/** The pretext step that {@code osteon bench} and the GPU's check time. */
class PretextWorkTest {

    private static PretextWork.Setting small(TrainingPrecision precision) {
        return new PretextWork.Setting(4, PretextWork.crops(32, 16), 8, 10, precision);
    }

    /** Of five steps: into the third epoch, each of two. */
    private static List<Double> losses(TrainingPrecision precision) {
        try (PretextWork work = new PretextWork(Device.CPU, small(precision))) {
            assertThat(work.loss()).as("before the first step").isNaN();
            return DoubleStream.generate(() -> {
                work.step();
                return work.loss();
            }).limit(5).boxed().toList();
        }
    }

    @Test
    void everyStepTrainsOnOtherViews() {
        List<Double> losses = losses(TrainingPrecision.FLOAT32);
        assertThat(losses).doesNotHaveDuplicates().allMatch(loss -> loss > 0 && Double.isFinite(loss));
        assertThat(losses(TrainingPrecision.FLOAT32)).as("the same seed").isEqualTo(losses);
        List<Double> low = losses(TrainingPrecision.BF16);
        assertThat(low.getFirst()).isNotEqualTo(losses.getFirst())
                .isCloseTo(losses.getFirst(), withinPercentage(10));
    }

    @Test
    void whatTrainingThrowsComesOutOfItsStep() {
        PretextWork.Setting lonely = new PretextWork.Setting(2, PretextWork.crops(32, 16), 8, 1,
                TrainingPrecision.FLOAT32);
        try (PretextWork work = new PretextWork(Device.CPU, lonely)) {
            assertThatThrownBy(work::step).hasMessageContaining("given 1 segments; expected 2 or more");
        }
    }

    @Test
    void theBenchmarkCountsAllOfAStep() throws IOException {
        MultiCropStepBenchmark benchmark = new MultiCropStepBenchmark();
        benchmark.implementation = ComparedBenchmark.OURS;
        benchmark.images = 2;
        benchmark.type = "f32";
        benchmark.setUp();
        try {
            assertThat(ComparedBenchmark.prepared().operations()).extracting(Profile.Row::op)
                    .contains("drawviews", "affinecropresize", "conv2d", "conv2dbackwardweights",
                            "pairwisecrossentropy", "larcstep");
            double flops = ComparedBenchmark.prepared().operations().stream().mapToDouble(Profile.Row::flops).sum();
            // forward 4.1e9 multiply-adds for 224² and (96/224)² of that for 96², two of a gradient's for each of them
            double images = 2 * (2 + 4 * Math.pow(96 / 224.0, 2));
            assertThat(flops / images).isBetween(0.85 * 6 * 4.1e9, 1.15 * 6 * 4.1e9);
        } finally {
            benchmark.tearDown();
        }
        benchmark.type = "f64";
        assertThatThrownBy(benchmark::setting).hasMessageContaining("given type f64; expected f32 or bf16");
    }
}
