package dev.osteon.models;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.backend.Backends;
import dev.osteon.engine.dispatch.WeightCopies;
import dev.osteon.engine.memory.CachingAllocator;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.random.Philox;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.Initializer;
import dev.osteon.nn.Mode;
import dev.osteon.nn.TrainingPrecision;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A ResNet that computes its activations again, beside one that keeps them. */
class ActivationsTest {

    private static final int BATCH = 8;
    private static final int SIZE = 96;
    private static final ResNetSpec SPEC = ResNetSpec.resnet50().withInputChannels(1).withWidth(8);

    /** What one step comes to, and the most bytes of tensors in it above what was there before. */
    private record Step(Map<String, double[]> values, long bytes) {}

    private static Step step(Activations activations, TrainingPrecision precision, Mode mode) {
        CachingAllocator allocator = Backends.of(Device.CPU).allocator();
        Map<String, double[]> values = new LinkedHashMap<>();
        try (TensorScope scope = TensorScope.open();
                ResNet net = new ResNet(Initializer.on(Device.CPU, DType.F32, 3), SPEC.withClasses(5), activations)) {
            net.mode(mode);
            float[] pixels = new float[BATCH * SIZE * SIZE];
            Philox random = Philox.of(7);
            for (int i = 0; i < pixels.length; i++) {
                pixels[i] = (float) random.nextGaussian();
            }
            Tensor x = Tensor.of(Device.CPU, Shape.of(BATCH, 1, SIZE, SIZE), pixels);
            Tensor labels = Tensor.of(Device.CPU, Shape.of(BATCH), 0, 1, 2, 3, 4, 0, 1, 2);
            List<Tensor> parameters = net.trainable();
            long before = allocator.stats().active();
            allocator.resetPeak();
            try (WeightCopies copies = precision.copies(net); Tape tape = Tape.watching(parameters)) {
                Tensor loss = Ops.crossEntropy(precision.forward(() -> net.forward(x)), labels);
                try (Gradients gradients = tape.gradients(loss, parameters)) {
                    long bytes = allocator.stats().peak() - before;
                    values.put("loss", loss.toDoubles());
                    net.parameters().forEach((name, p) -> values.put(name, gradients.of(p.tensor()).toDoubles()));
                    net.buffers().forEach((name, b) -> values.put(name, b.values()));
                    return new Step(values, bytes);
                }
            }
        }
    }

    private static void assertSame(Step some, Step others) {
        assertThat(some.values.keySet()).isEqualTo(others.values.keySet());
        some.values.forEach((name, values) -> assertThat(values).as(name).isEqualTo(others.values.get(name)));
    }

    @ParameterizedTest
    @EnumSource(TrainingPrecision.class)
    void aStepIsTheSameToTheBit(TrainingPrecision precision) {
        long live = Tensor.live();
        assertSame(step(Activations.RECOMPUTED, precision, Mode.TRAIN), step(Activations.KEPT, precision, Mode.TRAIN));
        assertThat(Tensor.live()).isEqualTo(live);
    }

    /**
     * Two thirds of the activations go; a block's own and the gradients stay. The types are those of the CPU's kernels:
     * for the third, operands are widened as they come, which takes as much either way.
     */
    @ParameterizedTest
    @EnumSource(value = TrainingPrecision.class, names = {"FLOAT32", "BF16"})
    void aStepTakesHalfTheMemory(TrainingPrecision precision) {
        long kept = step(Activations.KEPT, precision, Mode.TRAIN).bytes;
        long recomputed = step(Activations.RECOMPUTED, precision, Mode.TRAIN).bytes;
        assertThat((double) recomputed / kept).isBetween(0.2, 0.55);
    }

    @ParameterizedTest
    @EnumSource(Mode.class)
    void inEveryModeBatchNormDoesTheSame(Mode mode) {
        assertSame(step(Activations.RECOMPUTED, TrainingPrecision.FLOAT32, mode),
                step(Activations.KEPT, TrainingPrecision.FLOAT32, mode));
    }
}
