package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.backend.DeviceClock;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.Replay;
import dev.osteon.engine.dispatch.Span;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.profile.ProfiledSteps;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The device's clock, and the steps that NVIDIA's profilers are told to look at. */
class CudaProfilingTest {

    private static final String STEPS = "osteon.cuda.profile";
    private static CudaBackend backend;

    @BeforeAll
    static void open() {
        backend = CudaEmulator.backend();
    }

    @AfterEach
    void clear() {
        System.clearProperty(STEPS);
    }

    @Test
    void marksArePassedInTheirOrder() {
        DeviceClock clock = backend.clock().orElseThrow();
        try (TensorScope scope = TensorScope.open(); DeviceClock.Mark first = clock.mark()) {
            Tensor x = Ops.full(CudaEmulator.DEVICE, Shape.of(1 << 16), DType.F32, 2);
            Tensor y = x.mul(x);
            try (DeviceClock.Mark second = clock.mark()) {
                y.mul(y);
                try (DeviceClock.Mark third = clock.mark()) {
                    assertThat(second.nanosSince(first)).isPositive();
                    assertThat(third.nanosSince(first)).isGreaterThan(second.nanosSince(first));
                }
            }
        }
        try (DeviceClock.Mark again = clock.mark(); DeviceClock.Mark later = clock.mark()) {
            assertThat(later.nanosSince(again)).as("an event that was used before").isNotNegative();
        }
    }

    /** Steps of so many kernels each; how many ran while a profiler was to look. */
    private static long profiled(int... kernels) {
        long before = CudaEmulator.profiled();
        for (int count : kernels) {
            try (Span step = Span.open(Span.Kind.STEP, "step"); Span inner = Span.open(Span.Kind.PHASE, "forward");
                    TensorScope scope = TensorScope.open()) {
                Tensor x = Ops.full(CudaEmulator.DEVICE, Shape.of(3), DType.F32, 2);
                for (int i = 0; i < count; i++) {
                    x = x.mul(2);
                }
            }
        }
        return CudaEmulator.profiled() - before;
    }

    @Test
    void theStepsAskedForAreProfiled() {
        assumeTrue(CudaEmulator.isEmulated(), "a GPU does not count");
        assertThat(ProfiledSteps.whenAskedFor()).isEmpty();
        assertThat(profiled(1, 10, 100, 1000)).isZero();
        System.setProperty(STEPS, "2-3");
        try (Dispatcher.Registration _ = ProfiledSteps.whenAskedFor().orElseThrow()) {
            assertThat(profiled(1, 10, 100, 1000)).isEqualTo(110);
        }
        System.setProperty(STEPS, "4");
        try (Dispatcher.Registration _ = ProfiledSteps.whenAskedFor().orElseThrow()) {
            assertThat(profiled(1, 10, 100, 1000, 10000)).isEqualTo(1000);
        }
    }

    @Test
    void profiledStepsAreStillRecorded() {
        System.setProperty(STEPS, "2");
        try (Dispatcher.Registration _ = ProfiledSteps.whenAskedFor().orElseThrow();
                Replay replay = Replay.on(CudaEmulator.DEVICE); TensorScope scope = TensorScope.open()) {
            List<Tensor> inputs = List.of(Ops.full(CudaEmulator.DEVICE, Shape.of(3),
                    DType.F32, 2));
            for (int i = 0; i < 3; i++) {
                try (Span step = Span.open(Span.Kind.STEP, "step")) {
                    assertThat(replay.run("", inputs, given -> given.getFirst().mul(3)).toDoubles()).containsOnly(6);
                }
            }
            assertThat(replay.isRecorded()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "3-2", "1-2-3", "first", "-4"})
    void whatIsNoStepIsRefused(String given) {
        System.setProperty(STEPS, given);
        assertThatThrownBy(() -> ProfiledSteps.whenAskedFor()).isInstanceOf(EngineException.class)
                .hasMessage("-D" + STEPS + ": given " + given
                        + "; expected the first and the last step, counted from 1, as 20-22");
    }
}
