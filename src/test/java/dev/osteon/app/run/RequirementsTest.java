package dev.osteon.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.app.config.ConfigFile;
import dev.osteon.app.config.RunConfig;
import dev.osteon.app.phantom.Bone;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.memory.CachingAllocator;
import dev.osteon.engine.tensor.Device;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RequirementsTest {

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {
        "encoder.width=16 views.globalSize=48 pretrain.batch=16",
        "encoder.architecture=resnet50 encoder.stem=imagenet encoder.width=8 views.globalSize=64 pretrain.batch=16",
        "encoder.width=4 probe.size=128 pretrain.batch=64",
        "encoder.architecture=resnet50 encoder.stem=imagenet encoder.width=8 views.globalSize=64 pretrain.batch=16 "
                + "memory=low",
        "encoder.width=16 views.globalSize=64 pretrain.batch=32 memory=low probe.size=32",
    })
    void theEstimateIsCloseToWhatARunTakes(String settings) throws IOException {
        List<String> all = new ArrayList<>(List.of("data.subjects=24", "pretrain.epochs=1", "probe.epochs=2",
                "evaluation.resamples=5", "device=cpu"));
        all.addAll(List.of(settings.split(" ")));
        RunConfig config = ConfigFile.load("smoke", all);
        CachingAllocator allocator = Backends.of(Device.CPU).allocator();
        allocator.resetPeak();
        long before = allocator.stats().active();
        new Run(config, RunFolder.create(folder.resolve("run").toString(), "smoke"),
                Progress.silent(new PrintStream(OutputStream.nullOutputStream()))).execute(Run.Until.EVALUATED);
        long taken = allocator.stats().peak() - before;
        long estimated = Requirements.of(config, Pretraining.backbone(config), 24L * Bone.values().length).tensors();
        assertThat((double) estimated / taken).isBetween(0.95, 1.3);
    }

    private static Requirements of(String preset, long segments, String... overrides) {
        RunConfig config = ConfigFile.load(preset, List.of(overrides));
        return Requirements.of(config, Pretraining.backbone(config), segments);
    }

    @Test
    void aRunThatFitsIsNotComplainedOf() {
        assertThat(of("quick", 2800).complaint(new Memory(2L << 30, 6L << 30))).isEmpty();
        assertThat(of("smoke", 210).complaint(new Memory(1L << 30, 2L << 30))).isEmpty();
    }

    /** The paper's: about 11.1 million activations at 224 × 224, twice, for 128 × (2 + 4 · (96 / 224)²) images. */
    @Test
    void thePapersRunNeedsALargeMachineAndSaysWhatToLower() {
        String line = of("paper", 1344).complaint(new Memory(8L << 30, 16L << 30)).orElseThrow();
        assertThat(line).contains("16.0 GiB are available", "pretrain.microBatch (now the whole batch, 128)",
                "views.globalSize (now 224)", "encoder.width (now 64)").hasLineCount(1);
        assertThat(of("paper", 1344).training() / (double) (1L << 30)).isBetween(25.0, 40.0);
        assertThat(of("paper", 1344).complaint(new Memory(8L << 30, 64L << 30))).isEmpty();
    }

    @Test
    void whatTakesMostIsWhatToLower() {
        Memory small = new Memory(8L << 30, 3L << 29);
        assertThat(of("quick", 60, "probe.size=2048").complaint(small).orElseThrow()).contains("lower probe.size");
        assertThat(of("quick", 1_000_000, "encoder.width=64").complaint(small).orElseThrow())
                .contains("lower encoder.width", "data.subjects");
        assertThat(of("quick", 1_000_000, "encoder.width=64", "data.folder=x").complaint(small).orElseThrow())
                .doesNotContain("data.subjects");
        assertThat(of("quick", 400_000, "encoder.width=64").complaint(new Memory(1L << 30, 64L << 30)).orElseThrow())
                .contains("Java heap", "OSTEON_OPTS=-Xmx3g", "lower encoder.width");
    }

    /** Thirteen gigabytes of grey levels, which are in a mapped file. */
    @Test
    void howManySegmentsThereAreIsNoMatterOfMemory() {
        assertThat(of("quick", 100_000, "data.longestSide=256", "data.folder=x")
                .complaint(new Memory(2L << 30, 7L << 30))).isEmpty();
    }
}
