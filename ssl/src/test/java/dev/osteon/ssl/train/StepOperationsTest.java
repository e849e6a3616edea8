package dev.osteon.ssl.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.OpListener;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.op.MultiTensorSum;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.Activations;
import dev.osteon.models.EncoderWithHead;
import dev.osteon.models.ProjectionHead;
import dev.osteon.models.ResNetSpec;
import dev.osteon.models.Stem;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Mode;
import dev.osteon.nn.TrainingPrecision;
import dev.osteon.ssl.loss.Batch;
import dev.osteon.ssl.loss.MultiCropLoss.Reduction;
import dev.osteon.ssl.loss.NtXent;
import dev.osteon.ssl.loss.SslMethod;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the parameters of a network, which has many, cost a step in operations, of which each is a launch on a GPU. */
class StepOperationsTest {

    private static final int SAMPLES = 4;
    private static final int DIM = 4;

    /** Casts and multi-tensor sums of a step at two resolutions; the network's depth. */
    private record Counted(int casts, int sums, int parameters) {}

    private static Counted step(String resnet, Activations activations, int parts) {
        int[] counts = new int[2];
        OpListener listener = (op, in, out, nanos) -> {
            counts[0] += op instanceof Cast ? 1 : 0;
            counts[1] += op instanceof MultiTensorSum ? 1 : 0;
        };
        ResNetSpec spec = ResNetSpec.named(resnet).withInputChannels(1).withWidth(2).withStem(Stem.SMALL_STRIDE_2);
        try (TensorScope scope = TensorScope.open(); SslMethod simclr = new NtXent(0.2).overMultiCrop(Reduction.SUM);
                EncoderWithHead network = new EncoderWithHead(Initializer.on(Device.CPU, DType.F32, 4), spec,
                        ProjectionHead.Settings.simclr(spec.features(), 6, DIM), activations)) {
            network.mode(Mode.TRAIN);
            List<MicroBatches.Part> given = new ArrayList<>();
            for (int i = 0; i < parts; i++) {
                given.add(new MicroBatches.Part(SAMPLES, List.of(images(2 * i, 2 * SAMPLES, 16),
                        images(2 * i + 1, 2 * SAMPLES, 8))));
            }
            try (Dispatcher.Registration _ = Dispatcher.listen(listener);
                    MicroBatches.Step step = new MicroBatches(network, simclr, TrainingPrecision.BF16,
                            Optional.empty()).step(given, Optional.empty(), Batch.Moment.START)) {
                assertThat(step.loss().item()).isPositive();
                assertThat(step.gradients().all()).hasSameSizeAs(network.trainable())
                        .allMatch(gradient -> gradient.dtype() == DType.F32);
            }
            return new Counted(counts[0], counts[1], network.trainable().size());
        }
    }

    private static Tensor images(int seed, int rows, int size) {
        Philox random = Philox.of(seed);
        float[] values = new float[rows * size * size];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return Tensor.of(Device.CPU, Shape.of(rows, 1, size, size), values);
    }

    /** A deeper network has the casts of a shallow one, of images and of embeddings: none of a weight by itself. */
    @ParameterizedTest
    @EnumSource(Activations.class)
    void weightsAreCastAtOnceAndGradientsAddedAtOnce(Activations activations) {
        Counted shallow = step("resnet18", activations, 1);
        Counted deep = step("resnet34", activations, 1);
        assertThat(deep.parameters).isGreaterThan(shallow.parameters + 40);
        assertThat(deep.casts).isEqualTo(shallow.casts);
        assertThat(deep.sums).isEqualTo(2).isEqualTo(shallow.sums);
    }

    /** Each part more adds up its own gradients, at once, and adds these to those before; copies are shared. */
    @Test
    void microBatchesShareTheCopies() {
        assertThat(step("resnet18", Activations.KEPT, 3).sums)
                .isEqualTo(step("resnet18", Activations.KEPT, 2).sums + 2);
    }
}
