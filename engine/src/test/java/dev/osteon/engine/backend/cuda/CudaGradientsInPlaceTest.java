package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.osteon.engine.autograd.GradCheck;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.backend.cuda.ConvolutionShape.Direction;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Replay;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.Binary;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.ConvTranspose2dOnto;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Gradients of residual blocks come together in cuDNN's kernels. */
class CudaGradientsInPlaceTest {

    /** The emulator's cuDNN adds to images of even channels, and has no engine that adds to others. */
    private static final int TAKEN = 4;
    private static final int REFUSED = 5;
    private static final int BLOCKS = 3;

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    private static Tensor random(Device device, DType type, int... dims) {
        return GradCheck.weights(Ops.full(device, Shape.of(dims), type, 0));
    }

    private static Tensor normalised(Tensor x, Activation activation, Tensor... residual) {
        List<Tensor> operands = new ArrayList<>(List.of(x));
        operands.add(Ops.full(x.device(), Shape.of(x.dim(1)), DType.F32, 1.5));
        operands.add(Ops.full(x.device(), Shape.of(x.dim(1)), DType.F32, 0.1));
        operands.addAll(List.of(residual));
        return Dispatcher.runAll(new BatchNormTrain(1e-5, activation), operands).getFirst();
    }

    private static Tensor convolved(Tensor x, int stride, int kernel) {
        Tensor weight = random(x.device(), x.dtype(), x.dim(1), x.dim(1), kernel, kernel).to(Layout.NHWC);
        return Dispatcher.run(new Conv2d(Window.square(stride), Window.square(kernel / 2), Window.ONE, 1), x, weight);
    }

    /** A residual block whose shortcut has a convolution when it is the first, as a ResNet's stages begin. */
    private static Tensor block(Tensor x, boolean first) {
        Tensor h = normalised(convolved(x, first ? 2 : 1, 3), Activation.RELU);
        Tensor shortcut = first ? normalised(convolved(x, 2, 1), Activation.NONE) : x;
        return normalised(convolved(h, 1, 3), Activation.RELU, shortcut);
    }

    /** The gradient of images that a small ResNet's first layer reads. */
    private static Tensor gradient(Tensor images) {
        try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(images)) {
            Tensor x = normalised(images, Activation.RELU);
            for (int i = 0; i < BLOCKS; i++) {
                x = block(x, i == 0);
            }
            try (Gradients gradients = tape.gradients(x, GradCheck.weights(x).to(x.layout()), List.of(images))) {
                return scope.keep(gradients.of(images).mul(1).to(DType.F32));
            }
        }
    }

    private static Tensor images(Device device, DType type, int channels) {
        return random(device, type, 2, channels, 8, 8).to(Layout.NHWC);
    }

    /** Operations of a step that add, by name. */
    private static List<String> additions(DType type) {
        List<String> names = new ArrayList<>();
        try (TensorScope scope = TensorScope.open(); Dispatcher.Registration _ = Dispatcher.listen(
                (op, in, out, nanos) -> {
                    if (adds(op)) {
                        names.add(op.name());
                    }
                })) {
            gradient(images(CudaEmulator.DEVICE, type, TAKEN));
        }
        return names;
    }

    private static boolean adds(Op op) {
        return op instanceof Binary || op instanceof ConvTranspose2dOnto;
    }

    private static long launches(DType type, int channels) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor images = images(CudaEmulator.DEVICE, type, channels);
            gradient(images);                          // engines are chosen, and what cuDNN refuses is noted
            long before = CudaEmulator.launches();
            gradient(images);
            return CudaEmulator.launches() - before;
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    void noGradientIsAddedByAKernelOfItsOwn(DType type) {
        assertThat(additions(type)).hasSize(BLOCKS).containsOnly("convtranspose2donto");
        assumeTrue(CudaEmulator.isEmulated(), "counts the emulator's launches");
        assertThat(launches(type, TAKEN)).isEqualTo(launches(type, REFUSED) - BLOCKS);
    }

    @ParameterizedTest
    @ValueSource(ints = {TAKEN, REFUSED})
    void theGradientIsThatOfTheReference(int channels) {
        try (TensorScope scope = TensorScope.open()) {
            double[] expected = gradient(images(Device.REFERENCE, DType.F32, channels)).toDoubles();
            double[] actual = gradient(images(CudaEmulator.DEVICE, DType.F32, channels)).toDoubles();
            double scale = 0;
            for (double value : expected) {
                scale = Math.max(scale, Math.abs(value));
            }
            assertThat(scale).isPositive();
            for (int i = 0; i < expected.length; i++) {
                assertThat(actual[i]).isCloseTo(expected[i], within(1e-4 * scale));
            }
        }
    }

    /** Of a step that is recorded, and recorded with what cuDNN refuses. */
    @ParameterizedTest
    @CsvSource({"F32, 4", "BF16, 4", "BF16, 5"})
    void recordedStepsGiveTheSameBits(DType type, int channels) {
        try (TensorScope scope = TensorScope.open(); Replay replay = Replay.on(CudaEmulator.DEVICE)) {
            Tensor images = images(CudaEmulator.DEVICE, type, channels);
            double[] single = gradient(images).toDoubles();
            for (int step = 0; step < 4; step++) {
                assertThat(replay.run("step", List.of(images), in -> gradient(in.getFirst())).toDoubles())
                        .containsExactly(single);
            }
            assertThat(replay.isRecorded()).as(replay.way().toString()).isTrue();
        }
    }

    /** While engines are timed, each run adds once more. */
    @Test
    void whatIsAddedToIsNotTouchedWhileEnginesAreTimed(@TempDir Path nothingChosen) {
        CudaRuntime cuda = CudaEmulator.backend().cuda();
        Optional<String> before = Optional.ofNullable(System.getProperty("osteon.cuda.cache"));
        System.setProperty("osteon.cuda.cache", nothingChosen.toString());
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = Ops.full(CudaEmulator.DEVICE, Shape.of(1, 2, 3, 3), DType.F32, 10);
            Tensor weight = Ops.full(CudaEmulator.DEVICE, Shape.of(1, 2, 1, 1), DType.F32, 3);
            Tensor y = Ops.full(CudaEmulator.DEVICE, Shape.of(1, 1, 3, 3), DType.F32, 2);
            Dnn dnn = new Dnn(cuda, new Blas(cuda));
            ConvolutionShape shape = new ConvolutionShape(Direction.ONTO_X, new Conv2d(Window.ONE, Window.ZERO,
                    Window.ONE, 1), x.shape(), weight.shape(), y.shape(), DType.F32, Layout.ROW_MAJOR);
            for (int sum = 16; sum <= 22; sum += 6) {
                dnn.run(shape, new Operands(x.segment().address(), weight.segment().address(),
                        y.segment().address()));
                assertThat(x.toDoubles()).containsOnly(sum);
            }
            assertThat(nothingChosen).isNotEmptyDirectory();
        } finally {
            before.ifPresentOrElse(folder -> System.setProperty("osteon.cuda.cache", folder),
                    () -> System.clearProperty("osteon.cuda.cache"));
        }
    }
}
