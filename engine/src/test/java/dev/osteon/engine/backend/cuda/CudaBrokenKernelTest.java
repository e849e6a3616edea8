package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.osteon.engine.memory.CachingAllocator.Blocks;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.stream.IntStream;
import jcuda.driver.CUfunction;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Kernels that are broken on purpose: the emulator notices each. Without the break the same launch passes. */
class CudaBrokenKernelTest {

    private static CudaRuntime cuda;

    @BeforeAll
    static void watch() {
        assumeTrue(CudaEmulator.isEmulated(), "a GPU does not notice these");
        cuda = CudaEmulator.backend().cuda();
        cuda.allocator().setBlocks(Blocks.EXACT);
        CudaEmulator.order(CudaEmulator.Order.COMPARED);
    }

    @AfterAll
    static void restore() {
        CudaEmulator.order(CudaEmulator.Order.AS_NUMBERED);
        CudaEmulator.backend().allocator().setBlocks(Blocks.REUSED);
    }

    /** A launch of {@code kernel} in {@code file} with its text, or the common one's, changed. */
    private static Launch launch(String file, String kernel, String from, String to) {
        String source = KernelModules.source("common.cuh") + KernelModules.source(file + ".cu");
        assertThat(source).contains(from);
        CUfunction function = new CUfunction();
        assertThat(JCudaDriver.cuModuleGetFunction(function, cuda.modules().load("broken", source.replace(from, to)),
                kernel)).isZero();
        return new Launch(cuda).begin(function, kernel);
    }

    private static Tensor empty(int... dims) {
        return Tensor.empty(CudaEmulator.DEVICE, TensorSpec.of(Shape.of(dims), DType.F32), "result");
    }

    private static Tensor numbers(int... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[(int) shape.size()];
        IntStream.range(0, values.length).forEach(i -> values[i] = (float) Math.sin(i));
        return Tensor.of(CudaEmulator.DEVICE, shape, values);
    }

    private static void normalise(String from, String to) {
        try (TensorScope scope = TensorScope.open()) {
            launch("rows", "l2_normalize_f32", from, to).pointer(numbers(3, 300)).pointer(empty(3, 300))
                    .pointer(empty(3)).wide(3).integer(300).wide(1).real(1e-6).rows(3);
        }
    }

    @Test
    void aMissingBarrierMakesResultsDependOnTheOrderOfThreads() {
        String write = "        part[t / 32] = v;\n    }\n";
        assertThatCode(() -> normalise(write, write)).doesNotThrowAnyException();
        assertThatThrownBy(() -> normalise(write + "    __syncthreads();\n", write))
                .hasMessageContaining("l2_normalize_f32").hasMessageContaining("depends on the order of threads");
    }

    @Test
    void aBarrierThatSomeThreadsNeverReachIsADeadlock() {
        String barrier = "    __syncthreads();                       // part may still be read for the call before\n";
        assertThatThrownBy(() -> normalise(barrier, "    if (t < 7) { __syncthreads(); } else { __syncwarp(); }\n"))
                .hasMessageContaining("deadlock");
    }

    private static void mask(String write, String to) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = numbers(6, 6);
            Tensor y = empty(6, 6);
            launch("shapes", "diagonal_1_b4", write, to).pointer(x).pointer(y).wide(36).divisor(Divisor.of(6))
                    .divisor(Divisor.of(6)).wide(0).over(36);
            assertThat(y.toFloats()[7]).isZero();
            assertThat(y.toFloats()[8]).isEqualTo(x.toFloats()[8]);
        }
    }

    @Test
    void aWritePastTheEndIsFound() {
        String write = "((pack<T, P> *) y)[i] = v;";
        assertThatCode(() -> mask(write, write)).doesNotThrowAnyException();
        assertThatThrownBy(() -> mask(write, write + " ((pack<T, P> *) y)[i + 1] = v;"))
                .hasMessageContaining("outside an allocation of 144 bytes");
    }

    /** The strides of rows and columns exchanged: it reads past the end, where NaN lies. */
    @Test
    void aWrongStrideReadsWhatWasNeverWritten() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = numbers(5, 7);
            Tensor y = empty(7, 5);
            String right = "y[matrix + (i64) (column + k) * rows + row";
            transpose(x, y, right, right);
            float[] values = x.toFloats();
            assertThat(y.toFloats()[1]).isEqualTo(values[7]);
            Tensor wrong = empty(7, 5);
            transpose(x, wrong, "x[matrix + (i64) (row + k) * columns", "x[matrix + (i64) (row + k) * (columns + 3)");
            assertThat(wrong.toFloats()).contains(Float.NaN);
        }
    }

    private static void transpose(Tensor x, Tensor y, String from, String to) {
        launch("shapes", "transpose_b4", from, to).pointer(x).pointer(y).integer(5).integer(7).integer(1)
                .grid(1, 1, 32, 8);
    }

    @Test
    void anAddressThatIsNotTheDevicesIsRefused() {
        assertThatThrownBy(() -> cuda.launch("shapes", "copy_b4").walk(Walk.of(new int[] {1}, new long[] {1},
                new long[] {1})).wide(1).address(4096).address(4096).over(1))
                .hasMessageContaining("no address of device memory").hasMessageContaining("copy_b4");
    }
}
