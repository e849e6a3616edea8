package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.OutOfMemoryException;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.CachingAllocator;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Device memory: a loop of training steps needs no more than its first step, and what does not fit says so. */
class CudaMemoryTest {

    private static final int STEPS = 200;

    private CachingAllocator allocator;

    @BeforeEach
    void fresh() {
        allocator = CudaEmulator.backend().allocator();
        allocator.trim();
        allocator.resetPeak();
    }

    @AfterEach
    void unlimited() {
        allocator.setLimit(Long.MAX_VALUE);
    }

    /** Convolution, batch-norm + ReLU, pooled to a mean, SGD: parameters in threes. */
    private static void step(List<Tensor> w, List<Tensor> gamma, List<Tensor> beta, int batch) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = Ops.full(CudaEmulator.DEVICE, Shape.of(batch, 3, 8, 8), DType.F32, 0.5).to(Layout.NHWC);
            List<Tensor> parameters = List.of(w.getFirst(), gamma.getFirst(), beta.getFirst());
            try (Tape tape = Tape.watching(parameters)) {
                Tensor h = Dispatcher.run(new Conv2d(Window.ONE, Window.ONE, Window.ONE, 1), x, w.getFirst());
                Tensor y = Dispatcher.runAll(new BatchNormTrain(1e-5, Activation.RELU),
                        List.of(h, gamma.getFirst(), beta.getFirst())).getFirst();
                Tensor loss = Ops.mean(Ops.mul(y, y));
                try (Gradients gradients = tape.gradients(loss, parameters)) {
                    List<Tensor> operands = new ArrayList<>();
                    for (List<Tensor> p : List.of(w, gamma, beta)) {
                        operands.addAll(List.of(p.get(0), gradients.of(p.get(0)), p.get(1)));
                    }
                    operands.add(Ops.full(CudaEmulator.DEVICE, Shape.of(1), DType.F32, 0.01));
                    Dispatcher.runAll(new SgdStep(0.9, 1e-4, SgdStep.Nesterov.NO), operands);
                }
            }
        }
    }

    /** A parameter and its momentum buffer. */
    private static List<Tensor> parameter(double value, int... dims) {
        return List.of(Ops.full(CudaEmulator.DEVICE, Shape.of(dims), DType.F32, value),
                Ops.full(CudaEmulator.DEVICE, Shape.of(dims), DType.F32, 0));
    }

    @Test
    void stepsNeedNoMoreThanTheFirst() {
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> w = parameter(0.1, 16, 3, 3, 3);
            List<Tensor> gamma = parameter(1, 16);
            List<Tensor> beta = parameter(0.1, 16);
            step(w, gamma, beta, 64);
            long first = allocator.stats().peak();
            allocator.setLimit((long) (1.1 * first));
            long live = Tensor.live();
            for (int i = 1; i < STEPS; i++) {
                step(w, gamma, beta, 64);
            }
            assertThat(Tensor.live()).isEqualTo(live);
            assertThat(w.getFirst().toFloats()).doesNotContain(Float.NaN);
        }
    }

    @Test
    void aBatchThatIsTooLargeSaysSoAndASmallerOneGoesOn() {
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> w = parameter(0.1, 16, 3, 3, 3);
            List<Tensor> gamma = parameter(1, 16);
            List<Tensor> beta = parameter(0.1, 16);
            allocator.setLimit(4 << 20);
            assertThatThrownBy(() -> step(w, gamma, beta, 1024)).isInstanceOf(OutOfMemoryException.class)
                    .hasMessageContainingAll("out of memory on cuda:0", "needs", "active", "peak", "largest holders",
                            "smaller batch");
            step(w, gamma, beta, 8);
            assertThat(w.getFirst().toFloats()).doesNotContain(Float.NaN);
        }
    }

    @Test
    void whatTheDriverRefusesIsOutOfMemory() {
        TensorSpec huge = TensorSpec.of(Shape.of(1 << 20, 1 << 20), DType.F32);
        assertThatThrownBy(() -> Tensor.empty(CudaEmulator.DEVICE, huge, "huge " + huge))
                .isInstanceOf(OutOfMemoryException.class).hasMessageContaining("huge f32")
                .hasRootCauseMessage("CUDA_ERROR_OUT_OF_MEMORY (2), emulator: the emulator's memory is full");
    }
}
