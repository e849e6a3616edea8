package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.conformance.Conformance;
import dev.osteon.engine.conformance.OpSample;
import dev.osteon.engine.conformance.OpSamples;
import dev.osteon.engine.memory.CachingAllocator.Blocks;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Reshape;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every operation of the CUDA backend against the reference. On the emulator every tensor is a block of its own, whose
 * borders are watched, and every kernel runs in three orders of its threads, whose results must not differ.
 */
class CudaConformanceTest {

    private long live;

    @BeforeAll
    static void watch() {
        CudaEmulator.backend().allocator().setBlocks(Blocks.EXACT);
        CudaEmulator.order(CudaEmulator.Order.COMPARED);
    }

    @AfterAll
    static void restore() {
        CudaEmulator.order(CudaEmulator.Order.AS_NUMBERED);
        CudaEmulator.backend().allocator().setBlocks(Blocks.REUSED);
    }

    @BeforeEach
    void count() {
        live = Tensor.live();
    }

    @AfterEach
    void nothingLeaks() {
        assertThat(Tensor.live()).as("open tensors").isEqualTo(live);
    }

    static List<OpSample> samples() {
        return OpSamples.all();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void agreesWithReference(OpSample sample) {
        Conformance.Outcome outcome = Conformance.against(sample, CudaEmulator.DEVICE);
        assertThat(outcome.passed()).as(sample + ": " + outcome.detail()).isTrue();
    }

    @Test
    void everyOperationHasAKernel() {
        for (Class<?> op : Op.class.getPermittedSubclasses()) {
            if (op != Reshape.class) {
                assertThat(CudaEmulator.backend().kernels().has(op.asSubclass(Op.class))).as(op.getSimpleName())
                        .isTrue();
            }
        }
    }

    @Test
    void theEmulatorIsNamed() {
        assertThat(CudaEmulator.backend().description()).contains("NVRTC", "cuBLAS", "cuDNN");
        if (CudaEmulator.isEmulated()) {
            assertThat(CudaEmulator.backend().description()).contains("emulator");
        }
    }
}
