package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.osteon.engine.autograd.GradCheck;
import dev.osteon.engine.backend.cuda.ConvolutionShape.Direction;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Replay;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.op.MatMul;
import dev.osteon.engine.op.MatMul.Transpose;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import jcuda.jcudnn.JCudnn;
import jcuda.runtime.cudaStream_t;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What follows a convolution or a product, in cuDNN's kernel and in a pass behind, against the reference. Which of the
 * two is chosen is a matter of time.
 */
class CudaEndingTest {

    private static CudaRuntime cuda;
    private static final Dnn.Handle HANDLE = new Dnn.Handle();

    @BeforeAll
    static void open() {
        cuda = CudaEmulator.backend().cuda();
        cuda.enter();
        CudaFailure.checkDnn(JCudnn.cudnnCreate(HANDLE), "cudnnCreate");
        CudaFailure.checkDnn(JCudnn.cudnnSetStream(HANDLE, new cudaStream_t(cuda.stream())), "cudnnSetStream");
    }

    /** Numbers that the element type holds, the same on every device. */
    private static Tensor random(Device device, DType type, Layout layout, int... dims) {
        return GradCheck.weights(Ops.full(device, Shape.of(dims), DType.F32, 0)).to(type).to(layout);
    }

    private static Plan inTheKernel(PlannedShape shape) {
        try (DnnGraph graph = new DnnGraph(HANDLE, shape)) {
            return graph.engines().stream().flatMap(engine -> {
                try {
                    return Optional.of(graph.plan(engine)).stream();
                } catch (CudaFailure refused) {
                    return Optional.<DnnPlan>empty().stream();
                }
            }).findFirst().orElseThrow(() -> new CudaFailure("no engine takes " + shape));
        }
    }

    private static Plan behind(PlannedShape shape) {
        return new EndedPlan(cuda, shape instanceof ProductShape product
                ? new MatrixPlan(new Blas(cuda), product.plain()) : inTheKernel(shape.plain()), shape);
    }

    private static double[] computed(Plan plan, List<Tensor> in, Shape shape, Layout layout) {
        Tensor y = Ops.full(cuda.device(), shape, in.getFirst().dtype(), 0).to(layout);
        try (Temporaries temporary = new Temporaries(cuda)) {
            plan.run(new Operands(in.get(0).segment().address(), in.get(1).segment().address(), y.segment().address(),
                    Ending.biasOf(in)), temporary.bytes(plan.workspace(), "workspace"));
        }
        return y.toDoubles();
    }

    private static double[] expected(Op op, List<Tensor> in) {
        return Dispatcher.run(op, in.stream().map(t -> Tensor.of(Device.REFERENCE, t.shape(), DType.F32,
                t.toDoubles())).toArray(Tensor[]::new)).toDoubles();
    }

    /** Within so many roundings to the element type, of results up to their size. */
    private static void assertClose(double[] actual, double[] expected, DType type, int roundings) {
        double digit = type == DType.BF16 ? 0x1p-8 : 0x1p-11;
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.length; i++) {
            assertThat(actual[i]).isCloseTo(expected[i], within(roundings * digit * (Math.abs(expected[i]) + 0.5)));
        }
    }

    @ParameterizedTest
    @CsvSource({"BF16, 3, NONE", "BF16, 3, RELU", "BF16, 3, GELU", "BF16, 2, RELU", "BF16, 2, GELU", "F16, 3, GELU"})
    void ofAConvolution(DType type, int operands, Epilogue function) {
        try (TensorScope scope = TensorScope.open()) {
            Conv2d op = new Conv2d(Window.square(2), Window.ONE, Window.ONE, 1, function);
            List<Tensor> in = List.of(random(cuda.device(), type, Layout.NHWC, 2, 8, 7, 6),
                    random(cuda.device(), type, Layout.NHWC, 8, 8, 3, 3),
                    random(cuda.device(), type, Layout.ROW_MAJOR, 8)).subList(0, operands);
            Shape y = Shape.of(2, 8, 4, 3);
            ConvolutionShape shape = new ConvolutionShape(Direction.Y, op.plain(), in.get(0).shape(), in.get(1).shape(),
                    y, type, Layout.NHWC, Ending.of(in, function));
            double[] wanted = expected(op, in);
            assertClose(computed(inTheKernel(shape), in, y, Layout.NHWC), wanted, type, 1);
            assertClose(computed(behind(shape), in, y, Layout.NHWC), wanted, type, 3);
        }
    }

    @ParameterizedTest
    @CsvSource({"NO, NO, 3, GELU", "NO, YES, 3, RELU", "YES, NO, 3, NONE", "YES, YES, 2, GELU"})
    void ofAProduct(Transpose a, Transpose b, int operands, Epilogue function) {
        try (TensorScope scope = TensorScope.open()) {
            int m = 24;
            int n = 8;
            int k = 16;
            List<Tensor> in = List.of(
                    random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, a == Transpose.YES ? k : m,
                            a == Transpose.YES ? m : k),
                    random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, b == Transpose.YES ? n : k,
                            b == Transpose.YES ? k : n),
                    random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, n)).subList(0, operands);
            ProductShape shape = new ProductShape(m, n, k, a, b, DType.BF16, Ending.of(in, function));
            double[] wanted = expected(new MatMul(a, b, function), in);
            assertClose(computed(inTheKernel(shape), in, Shape.of(m, n), Layout.ROW_MAJOR), wanted, DType.BF16, 1);
            assertClose(computed(behind(shape), in, Shape.of(m, n), Layout.ROW_MAJOR), wanted, DType.BF16, 3);
        }
    }

    private static ConvolutionShape image(Direction direction, DType type, Layout layout, int groups, int channels,
            Ending ending) {
        return new ConvolutionShape(direction, new Conv2d(Window.ONE, Window.ZERO, Window.ONE, groups),
                Shape.of(1, channels, 1024, 1024), Shape.of(channels, channels / groups, 1, 1),
                Shape.of(1, channels, 1024, 1024), type, layout, ending);
    }

    @Test
    void onlyLargeResultsInSixteenBitsThatAreChannelsLastAreTriedInTheKernel() {
        Ending bias = new Ending(Ending.Bias.BY_CHANNEL, Epilogue.NONE);
        assertThat(Dnn.mayFuse(image(Direction.Y, DType.BF16, Layout.NHWC, 1, 8, bias))).isTrue();
        assertThat(Dnn.mayFuse(image(Direction.Y, DType.BF16, Layout.NHWC, 1, 7, bias))).isFalse();
        assertThat(Dnn.mayFuse(image(Direction.Y, DType.F32, Layout.NHWC, 1, 8, bias))).isFalse();
        assertThat(Dnn.mayFuse(image(Direction.Y, DType.BF16, Layout.ROW_MAJOR, 1, 8, bias))).isFalse();
        assertThat(Dnn.mayFuse(image(Direction.Y, DType.BF16, Layout.NHWC, 8, 8, bias))).isFalse();
        assertThat(Dnn.mayFuse(image(Direction.X, DType.BF16, Layout.NHWC, 1, 8, bias))).isFalse();
        assertThat(Dnn.mayFuse(image(Direction.Y, DType.BF16, Layout.NHWC, 1, 8, Ending.NONE))).isFalse();
    }

    /** The sums, and what they are given to, of every 997th row. */
    private static void assertRows(Tensor y, Tensor x, Tensor weight, double[] bias) {
        double[] results = y.toDoubles();
        double[] rows = x.toDoubles();
        double[] columns = weight.toDoubles();
        int n = bias.length;
        int k = x.dim(-1);
        for (int row = 0; row < results.length / n; row += 997) {
            int from = row * k;
            for (int column = 0; column < n; column++) {
                int to = column;
                double sum = bias[to] + IntStream.range(0, k).mapToDouble(i -> rows[from + i] * columns[i * n + to])
                        .sum();
                double gelu = Ops.gelu(Ops.full(Device.REFERENCE, Shape.of(1), DType.F32, sum)).toDoubles()[0];
                assertThat(results[row * n + column]).isCloseTo(gelu, within(0x1p-7 * (Math.abs(gelu) + 0.5)));
            }
        }
    }

    /** Rows in three dimensions are one product, whatever is chosen, and as a recorded step the same bits. */
    @Test
    void largeProductsThroughTheDispatcher() {
        try (TensorScope scope = TensorScope.open(); Replay replay = Replay.on(cuda.device())) {
            Tensor x = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, 2, 1 << 19, 2);
            Tensor weight = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, 2, 8);
            Tensor bias = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, 8);
            MatMul op = new MatMul(Transpose.NO, Transpose.NO, Epilogue.GELU);
            Tensor y = Dispatcher.run(op, x, weight, bias);
            assertRows(y, x, weight, bias.toDoubles());
            double[] first = y.toDoubles();
            for (int step = 0; step < 3; step++) {
                assertThat(replay.run("step", List.of(x), in -> Dispatcher.run(op, in.getFirst(), weight, bias))
                        .toDoubles()).isEqualTo(first);
            }
            assertThat(replay.isRecorded()).as(replay.way().toString()).isTrue();
        }
    }

    @Test
    void largeConvolutionsThroughTheDispatcher() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = random(cuda.device(), DType.BF16, Layout.NHWC, 1, 2, 1024, 1024);
            Tensor weight = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, 8, 2, 1, 1);
            Tensor bias = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, 8);
            Tensor y = Dispatcher.run(new Conv2d(Window.ONE, Window.ZERO, Window.ONE, 1, Epilogue.GELU), x, weight,
                    bias);
            Tensor pixels = Ops.reshape(Ops.permute(x, 0, 2, 3, 1), 1 << 20, 2);
            Tensor results = Ops.reshape(Ops.permute(y, 0, 2, 3, 1), 1 << 20, 8);
            assertRows(results, pixels, Ops.permute(Ops.reshape(weight, 8, 2), 1, 0), bias.toDoubles());
        }
    }

    private static final ProductShape LARGE = new ProductShape(1 << 20, 8, 2, Transpose.NO, Transpose.NO, DType.BF16,
            new Ending(Ending.Bias.BY_CHANNEL, Epilogue.GELU));

    /** The results of a large product by what {@code kept} says, and what is kept then. */
    private static double[] large(Path folder, String kept, Consumer<String> then) throws IOException {
        Optional<String> before = Optional.ofNullable(System.getProperty("osteon.cuda.cache"));
        System.setProperty("osteon.cuda.cache", folder.toString());
        try (TensorScope scope = TensorScope.open()) {
            Path file = folder.resolve((cuda.name() + " cudnn " + JCudnn.cudnnGetVersion()
                    + FastestPlan.conditions()).replaceAll("[^A-Za-z0-9.]+", "-") + ".plans");
            Files.writeString(file, kept);
            Tensor x = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, LARGE.m(), LARGE.k());
            Tensor weight = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, LARGE.k(), LARGE.n());
            Tensor bias = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, LARGE.n());
            Tensor y = Ops.full(cuda.device(), Shape.of(LARGE.m(), LARGE.n()), DType.BF16, 0);
            new Dnn(cuda, new Blas(cuda)).run(LARGE, new Operands(x.segment().address(), weight.segment().address(),
                    y.segment().address(), bias.segment().address()));
            assertRows(y, x, weight, bias.toDoubles());
            assertThat(folder).isDirectoryContaining(file::equals);
            then.accept(Files.readString(file));
            return y.toDoubles();
        } finally {
            before.ifPresentOrElse(path -> System.setProperty("osteon.cuda.cache", path),
                    () -> System.clearProperty("osteon.cuda.cache"));
        }
    }

    /** A pass behind rounds twice, cuDNN's kernel once. */
    @Test
    void whatWasChosenIsKeptAndTaken(@TempDir Path folder) throws IOException {
        assumeTrue(CudaEmulator.isEmulated(), "positions of engines are the emulator's");
        String behind = LARGE + "\t3\t-2\n";
        String inTheKernel = LARGE + "\t2\t0\n";
        double[] twice = large(folder, behind, kept -> assertThat(kept).isEqualTo(behind));
        double[] once = large(folder, inTheKernel, kept -> assertThat(kept).isEqualTo(inTheKernel));
        assertThat(once).isNotEqualTo(twice);
        double[] measured = large(folder, "", kept -> assertThat(kept).isIn(behind, inTheKernel));
        assertThat(measured).isIn(once, twice);
    }

    /** The emulator's cuDNN goes on behind sums of an even number of channels only. */
    @Test
    void whatCudnnDoesNotTakeIsDoneBehind() {
        assumeTrue(CudaEmulator.isEmulated(), "a refusal of the emulator's");
        ProductShape odd = new ProductShape(4, 7, 3, Transpose.NO, Transpose.NO, DType.BF16,
                new Ending(Ending.Bias.NONE, Epilogue.GELU));
        assertThatThrownBy(() -> inTheKernel(odd)).hasMessageContaining("no engine takes product bf16 4x3 3x7 gelu");
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, 1 << 21, 1);
            Tensor weight = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, 1, 7);
            Tensor y = Dispatcher.run(new MatMul(Transpose.NO, Transpose.NO, Epilogue.GELU), x, weight);
            assertRows(y, x, weight, new double[7]);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"RELU", "GELU"})
    void whatIsNoNumberStaysSo(Epilogue function) {
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> in = List.of(Ops.full(cuda.device(), Shape.of(16, 16), DType.BF16, Double.NaN),
                    random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, 16, 8));
            ProductShape shape = new ProductShape(16, 8, 16, Transpose.NO, Transpose.NO, DType.BF16,
                    Ending.of(in, function));
            assertThat(computed(inTheKernel(shape), in, Shape.of(16, 8), Layout.ROW_MAJOR)).containsOnly(Double.NaN);
            assertThat(computed(behind(shape), in, Shape.of(16, 8), Layout.ROW_MAJOR)).containsOnly(Double.NaN);
        }
    }

    @Test
    void nothingFollowsGradientsInTheGraph() {
        ConvolutionShape shape = image(Direction.X, DType.BF16, Layout.NHWC, 1, 8,
                new Ending(Ending.Bias.BY_CHANNEL, Epilogue.NONE));
        assertThatThrownBy(() -> new DnnGraph(HANDLE, shape)).hasMessageContaining("nothing can follow");
    }
}
