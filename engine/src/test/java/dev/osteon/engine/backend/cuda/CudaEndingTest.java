package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.autograd.GradCheck;
import dev.osteon.engine.backend.cuda.ConvolutionShape.Direction;
import dev.osteon.engine.dispatch.Dispatcher;
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
import java.util.stream.IntStream;
import jcuda.jcudnn.JCudnn;
import jcuda.runtime.cudaStream_t;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
            List<Tensor> in = List.of(random(cuda.device(), type, Layout.NHWC, 2, 5, 7, 6),
                    random(cuda.device(), type, Layout.NHWC, 8, 5, 3, 3),
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
            int m = 5;
            int n = 6;
            int k = 3;
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

    /** The emulator's cuDNN goes on behind sums of an even number of channels only. */
    @Test
    void whatCudnnDoesNotTakeIsDoneBehind() {
        Ending gelu = new Ending(Ending.Bias.NONE, Epilogue.GELU);
        ProductShape odd = new ProductShape(4, 7, 3, Transpose.NO, Transpose.NO, DType.BF16, gelu);
        assertThatThrownBy(() -> inTheKernel(odd)).hasMessageContaining("no engine takes product bf16 4x3 3x7 gelu");
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, 1 << 21, 1);
            Tensor weight = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, 1, 7);
            Tensor y = Dispatcher.run(new MatMul(Transpose.NO, Transpose.NO, Epilogue.GELU), x, weight);
            assertRows(y, x, weight, new double[7]);
        }
    }

    private static void assertRows(Tensor y, Tensor x, Tensor weight, double[] bias) {
        double[] results = y.toDoubles();
        double[] rows = x.toDoubles();
        double[] columns = weight.toDoubles();
        int n = bias.length;
        int k = x.dim(-1);
        for (int row = 0; row < y.dim(0); row += 997) {
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

    @Test
    void theChoiceIsKeptForLargeOnes(@TempDir Path folder) throws IOException {
        Optional<String> before = Optional.ofNullable(System.getProperty("osteon.cuda.cache"));
        System.setProperty("osteon.cuda.cache", folder.toString());
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, 1 << 20, 2);
            Tensor weight = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, 2, 8);
            Tensor bias = random(cuda.device(), DType.BF16, Layout.ROW_MAJOR, 8);
            Tensor y = Ops.full(cuda.device(), Shape.of(1 << 20, 8), DType.BF16, 0);
            ProductShape shape = new ProductShape(1 << 20, 8, 2, Transpose.NO, Transpose.NO, DType.BF16,
                    new Ending(Ending.Bias.BY_CHANNEL, Epilogue.GELU));
            Operands at = new Operands(x.segment().address(), weight.segment().address(), y.segment().address(),
                    bias.segment().address());
            new Dnn(cuda, new Blas(cuda)).run(shape, at);
            assertRows(y, x, weight, bias.toDoubles());
            double[] first = y.toDoubles();
            String kept = text(folder);
            assertThat(kept.lines()).singleElement().asString().startsWith("product bf16 1048576x2 2x8 bias gelu\t");
            new Dnn(cuda, new Blas(cuda)).run(shape, at);
            assertThat(y.toDoubles()).isEqualTo(first);
            assertThat(text(folder)).isEqualTo(kept);
        } finally {
            before.ifPresentOrElse(path -> System.setProperty("osteon.cuda.cache", path),
                    () -> System.clearProperty("osteon.cuda.cache"));
        }
    }

    private static String text(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return Files.readString(files.filter(f -> f.toString().endsWith(".plans")).findFirst().orElseThrow());
        }
    }
}
