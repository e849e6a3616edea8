package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Replay;
import dev.osteon.engine.dispatch.WeightCopies;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.StepOperands;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Kernels of a recorded step: what a network's layers add, and that their weights add nothing of their own. */
class CudaWeightCopiesTest {

    private static final int RESOLUTIONS = 2;
    private static final Pattern KERNELS = Pattern.compile("recorded, (\\d+) kernels and copies queued as a whole");

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    /** What a network's step was recorded as, and what it came to. */
    private record Trained(int kernels, List<double[]> parameters) {}

    /**
     * Steps of convolutions one after the other, and a batch-norm, whose gradient is channels-last as all in a ResNet;
     * for images of two sizes. What lasts is of the innermost scope.
     */
    private static Trained trained(int layers, DType type, boolean copied) {
        List<Tensor> parameters = new ArrayList<>();
        List<Tensor> momenta = new ArrayList<>();
        for (int i = 0; i < layers; i++) {
            parameters.add(ramp(i, 8, 8, 3, 3));
            momenta.add(Ops.full(CudaEmulator.DEVICE, Shape.of(8, 8, 3, 3), DType.F32, 0));
        }
        try (Replay replay = Replay.on(CudaEmulator.DEVICE)) {
            for (int i = 0; i < 5; i++) {
                try (TensorScope scope = TensorScope.open()) {
                    List<Tensor> inputs = List.of(Tensor.of(CudaEmulator.DEVICE, Shape.of(1), 0.01f),
                            ramp(i, 2, 8, 6, 6).to(Layout.NHWC), ramp(-i, 2, 8, 4, 4).to(Layout.NHWC));
                    replay.run("step", inputs, given -> step(parameters, momenta, given, type, copied));
                }
            }
            Matcher way = KERNELS.matcher(replay.way().orElseThrow());
            assertThat(way.matches()).as(replay.way().get()).isTrue();
            return new Trained(Integer.parseInt(way.group(1)), parameters.stream().map(Tensor::toDoubles).toList());
        }
    }

    private static Tensor step(List<Tensor> parameters, List<Tensor> momenta, List<Tensor> inputs, DType type,
            boolean copied) {
        try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(parameters)) {
            try (Gradients gradients = gradients(tape, parameters, inputs, type, copied)) {
                List<Tensor> threes = new ArrayList<>();
                for (int i = 0; i < parameters.size(); i++) {
                    threes.addAll(List.of(parameters.get(i), gradients.of(parameters.get(i)), momenta.get(i)));
                }
                Dispatcher.runAll(new LarcStep(0.9, 1e-4, 0.02, 1e-8, LarcStep.Mode.CLIP),
                        new StepOperands(threes, inputs.getFirst(), Optional.empty()).inOrder());
            }
            return scope.keep(Ops.full(CudaEmulator.DEVICE, Shape.of(1), DType.F32, 0));
        }
    }

    private static Gradients gradients(Tape tape, List<Tensor> parameters, List<Tensor> inputs, DType type,
            boolean copied) {
        try (WeightCopies copies = WeightCopies.of(copied ? parameters : List.of(), type)) {
            List<Tensor> losses = new ArrayList<>();
            Dispatcher.autocast(type, () -> {
                for (int r = 0; r < RESOLUTIONS; r++) {
                    losses.add(loss(inputs.get(1 + r), parameters));
                }
            });
            return tape.gradients(losses.get(0).add(losses.get(1)), parameters);
        }
    }

    private static Tensor loss(Tensor images, List<Tensor> weights) {
        Tensor x = images;
        for (Tensor weight : weights) {
            x = Dispatcher.run(new Conv2d(Window.ONE, Window.ONE, Window.ONE, 1), x, weight);
        }
        Tensor y = Dispatcher.runAll(new BatchNormTrain(1e-5, Activation.RELU), List.of(x, ramp(1, 8), ramp(2, 8)))
                .getFirst();
        return Ops.mean(y.to(DType.F32));
    }

    private static Tensor ramp(int seed, int... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (0.2 * Math.sin(1 + seed + 0.7 * i));
        }
        return Tensor.of(CudaEmulator.DEVICE, shape, values);
    }

    /** For each resolution the convolution and its two gradients: no cast, no other layout, no sum by itself. */
    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16", "F32"})
    void aFurtherConvolutionTakesThreeKernelsAtEachResolution(DType type) {
        try (TensorScope scope = TensorScope.open()) {
            int few = trained(2, type, true).kernels;
            int more = trained(5, type, true).kernels;
            assertThat(more - few).isEqualTo((5 - 2) * RESOLUTIONS * 3);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16", "F32"})
    void theBitsAreThoseOfSingleCasts(DType type) {
        try (TensorScope scope = TensorScope.open()) {
            Trained copied = trained(3, type, true);
            Trained single = trained(3, type, false);
            assertThat(copied.kernels).isLessThan(single.kernels);
            for (int i = 0; i < 3; i++) {
                assertThat(copied.parameters.get(i)).containsExactly(single.parameters.get(i));
            }
        }
    }
}
