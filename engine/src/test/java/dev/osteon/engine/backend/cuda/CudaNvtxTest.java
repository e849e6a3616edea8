package dev.osteon.engine.backend.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.profile.NvtxRanges;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Ranges of NVTX, in a library that remembers them. */
@SuppressWarnings("restricted")
class CudaNvtxTest {

    private static final int ROOM = 4096;
    private static final String ASKED = "osteon.nvtx";

    private MethodHandle take;

    @BeforeEach
    void open() {
        assumeTrue(CudaEmulator.isEmulated(), "NVIDIA's library remembers nothing");
        Path library = Path.of(System.getProperty("osteon.cuda.libraries"), "libnvToolsExt.so.1");
        take = Linker.nativeLinker().downcallHandle(SymbolLookup.libraryLookup(library, Arena.global())
                .findOrThrow("nvtxhost_take"), FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    }

    @AfterEach
    void forget() {
        System.clearProperty(ASKED);
    }

    /** What was opened since the last call; all of it must be closed. */
    private String taken() throws Throwable {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment text = arena.allocate(ROOM);
            assertThat((int) take.invokeExact(text, ROOM)).isZero();
            return text.getString(0);
        }
    }

    private static void work() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = Tensor.of(CudaEmulator.DEVICE, Shape.of(2, 3), 1f, 2, 3, 4, 5, 6);
            Ops.exp(Ops.add(x, x));
        }
    }

    @Test
    void everyOperationIsARange() throws Throwable {
        System.setProperty(ASKED, "true");
        try (Dispatcher.Registration ranges = NvtxRanges.whenAskedFor().orElseThrow()) {
            work();
        }
        assertThat(taken()).isEqualTo("add f32[2, 3], f32[2, 3]\nexp f32[2, 3]\n");
        work();
        assertThat(taken()).isEmpty();
    }

    @Test
    void aSpanIsARangeAroundThem() throws Throwable {
        System.setProperty(ASKED, "true");
        try (Dispatcher.Registration ranges = NvtxRanges.whenAskedFor().orElseThrow();
                Span span = Span.open(Span.Kind.PHASE, "forward")) {
            work();
        }
        assertThat(taken()).isEqualTo("forward\n add f32[2, 3], f32[2, 3]\n exp f32[2, 3]\n");
    }

    @Test
    void aKernelThatThrowsEndsItsRange() throws Throwable {
        System.setProperty(ASKED, "true");
        try (Dispatcher.Registration ranges = NvtxRanges.whenAskedFor().orElseThrow();
                TensorScope scope = TensorScope.open()) {
            Tensor x = Tensor.of(Device.REFERENCE, Shape.of(3), 1f, 2, 3);
            Tensor index = Tensor.of(Device.REFERENCE, Shape.of(1), new int[] {7});
            assertThatThrownBy(() -> Ops.select(x, index, 0)).isInstanceOf(EngineException.class)
                    .hasMessageContaining("given index 7");
        }
        assertThat(taken()).isEqualTo("select f32[3], i32[1]\n");
    }

    @Test
    void withoutBeingAskedForThereIsNothing() throws Throwable {
        assertThat(NvtxRanges.whenAskedFor()).isEmpty();
        work();
        assertThat(taken()).isEmpty();
    }
}
