package dev.osteon.ssl.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.views.DrawnView;
import dev.osteon.engine.views.RandomResizedCrop;
import dev.osteon.engine.views.Resolution;
import dev.osteon.models.EncoderWithHead;
import dev.osteon.models.ProjectionHead;
import dev.osteon.models.ResNetSpec;
import dev.osteon.models.Stem;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Larc;
import dev.osteon.nn.TrainingPrecision;
import dev.osteon.ssl.data.Segment;
import dev.osteon.ssl.data.SegmentStore;
import dev.osteon.ssl.loss.MultiCropLoss;
import dev.osteon.ssl.loss.NtXent;
import dev.osteon.ssl.loss.SslMethod;
import dev.osteon.ssl.views.ExtendedMultiCrop;
import dev.osteon.ssl.views.MultiCrop;
import dev.osteon.ssl.views.ViewPolicy;
import dev.osteon.ssl.views.ViewStatistics;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PretextTrainerTest {

    private static final int EPOCHS = 2;
    private static final int SEGMENTS = 6;
    private static final long SEED = 5;
    private static final ViewPolicy POLICY = new ExtendedMultiCrop(new MultiCrop(
            new Resolution(2, 16, new RandomResizedCrop(0.14, 1)),
            new Resolution(2, 8, new RandomResizedCrop(0.05, 0.14)), 20), 0.5, 5);

    /** Bars, each thicker than the one before. */
    private static List<Segment> segments() {
        return IntStream.range(0, SEGMENTS).mapToObj(n -> {
            float[] pixels = new float[30 * 20];
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = i % 20 < 2 * n + 3 ? 0.3f + i % 7 / 10f : 0;
            }
            return Segment.of(pixels, 30, 20);
        }).toList();
    }

    /** Micro-batches draw the views that the batch as a whole draws: those of each segment's own random numbers. */
    @ParameterizedTest
    @ValueSource(ints = {0, 4, 2})
    void anEpochTellsWhatDrawingItsViewsTook(int microBatch) {
        long live = Tensor.live();
        List<ViewStatistics> told = new ArrayList<>();
        ResNetSpec spec = ResNetSpec.named("resnet18").withInputChannels(1).withWidth(2)
                .withStem(Stem.SMALL_STRIDE_2);
        try (SegmentStore store = new SegmentStore(segments(), Device.CPU, List.of(0, 1));
                EncoderWithHead model = new EncoderWithHead(Initializer.on(Device.CPU, DType.F32, 1), spec,
                        ProjectionHead.Settings.simclr(spec.features(), spec.features(), 4));
                SslMethod method = new NtXent(0.5).overMultiCrop(MultiCropLoss.Reduction.SUM);
                Larc larc = Larc.of(model, 1e-6, Larc.Settings.SWAV)) {
            new PretextTrainer(model, method, POLICY, store, Optional.empty(), larc, step -> 0.01,
                    new PretextTrainer.Settings(EPOCHS, SEGMENTS, microBatch, SEED, TrainingPrecision.FLOAT32))
                    .train(IntStream.range(0, SEGMENTS).toArray(), 0, new PretextTrainer.Listener() {
                        @Override
                        public void step(int epoch, int step, int stepsPerEpoch, DoubleSupplier loss) {
                            assertThat(loss.getAsDouble()).isFinite();
                        }

                        @Override
                        public void epoch(PretextTrainer.Epoch epoch) {
                            told.add(epoch.views());
                        }
                    });
        }
        assertThat(told).containsExactlyElementsOf(IntStream.range(0, EPOCHS).mapToObj(epoch -> expected(epoch))
                .toList());
        assertThat(told.getFirst().tries()).isGreaterThan(told.getFirst().views());
        assertThat(told.getFirst().sparse()).isPositive().isLessThan(told.getFirst().views());
        assertThat(Tensor.live()).isEqualTo(live);
    }

    private static ViewStatistics expected(int epoch) {
        Philox random = Philox.of(SEED).fork("pretext").fork("views").fork(epoch);
        List<Segment> segments = segments();
        List<DrawnView> views = IntStream.range(0, SEGMENTS).boxed()
                .flatMap(n -> POLICY.sampling().draw(segments.get(n).geometry(), random.fork(n)).stream()).toList();
        return new ViewStatistics(views.size(), views.stream().mapToLong(DrawnView::tries).sum(),
                views.stream().filter(DrawnView::enough).count());
    }
}
