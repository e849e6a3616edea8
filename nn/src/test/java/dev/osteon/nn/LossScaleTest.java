package dev.osteon.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LossScaleTest {

    private static final LossScale.Settings SHORT = new LossScale.Settings(1024, 2, 0.5, 3);
    private static final double LARGE = 1e36;
    private final long before = Tensor.live();

    @TempDir
    private Path temporary;

    @AfterEach
    void nothingLeaks() {
        assertThat(Tensor.live()).isEqualTo(before);
    }

    private static Linear net(String device) {
        return new Linear(Initializer.on(device.equals("cpu") ? Device.CPU : Device.REFERENCE, DType.F32, 1), 3, 2,
                Bias.WITH);
    }

    /** One step on inputs multiplied by {@code size}; with {@link #LARGE} the scaled gradients are infinite. */
    private static void train(Linear net, Optimizer optimizer, double size) {
        Device device = net.trainable().getFirst().device();
        try (TensorScope _ = TensorScope.open(); Tape tape = Tape.watching(net.trainable())) {
            Tensor x = Tensor.of(device, Shape.of(2, 3), DType.F32, 1, 2, 3, -1, 0, 5).mul(size);
            Tensor loss = Ops.mean(net.forward(x));
            Tensor scale = optimizer.lossScale().map(s -> s.reshape(loss.shape().toArray()))
                    .orElseGet(() -> Tensor.of(device, loss.shape(), DType.F32, 1));
            try (Gradients gradients = tape.gradients(loss, scale, net.trainable())) {
                optimizer.step(gradients, 0.1);
            }
        }
    }

    private static Map<String, double[]> values(Linear net, Optimizer optimizer) {
        Map<String, double[]> values = new LinkedHashMap<>();
        net.parameters().forEach((name, p) -> values.put("p " + name, p.values()));
        optimizer.state().forEach((name, p) -> values.put("b " + name, p.values()));
        values.remove("b loss_scale");
        return values;
    }

    private static void same(Map<String, double[]> actual, Map<String, double[]> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, numbers) -> assertThat(actual.get(name)).as(name).containsExactly(numbers));
    }

    /** A power of two goes in and out without rounding. */
    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void goodStepsAreThoseOfTheOptimiserAlone(String device) {
        try (Linear plain = net(device); Linear scaled = net(device);
                Optimizer larc = Larc.of(plain, 1e-4, Larc.Settings.SWAV);
                LossScale scale = new LossScale(Larc.of(scaled, 1e-4, Larc.Settings.SWAV),
                        scaled.trainable().getFirst().device(), SHORT)) {
            for (int step = 0; step < 7; step++) {
                train(plain, larc, 1);
                train(scaled, scale, 1);
                assertThat(scale.scale()).isEqualTo(step < 2 ? 1024 : step < 5 ? 2048 : 4096);
            }
            same(values(scaled, scale), values(plain, larc));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"reference", "cpu"})
    void anOverflowIsSkippedAndTheCountBeginsAnew(String device) {
        try (Linear net = net(device); LossScale scale = new LossScale(Sgd.of(net, 0.9, 1e-4),
                net.trainable().getFirst().device(), SHORT)) {
            train(net, scale, 1);
            train(net, scale, 1);
            Map<String, double[]> good = values(net, scale);
            train(net, scale, LARGE);
            same(values(net, scale), good);
            assertThat(scale.scale()).isEqualTo(512);
            train(net, scale, 1);
            train(net, scale, 1);
            assertThat(scale.scale()).isEqualTo(512);
            train(net, scale, 1);
            assertThat(scale.scale()).isEqualTo(1024);
        }
    }

    @Test
    void itGoesOnFromACheckpoint() throws IOException {
        RunState run = new RunState(0, 2, Map.of(), Map.of(), Map.of());
        try (Linear net = net("cpu"); Linear resumed = net("cpu");
                LossScale scale = new LossScale(Sgd.of(net, 0.9, 1e-4), Device.CPU, SHORT);
                LossScale second = new LossScale(Sgd.of(resumed, 0.9, 1e-4), Device.CPU, SHORT);
                Sgd without = Sgd.of(resumed, 0.9, 1e-4)) {
            train(net, scale, LARGE);
            train(net, scale, 1);
            train(net, scale, 1);
            Checkpoint.write(temporary.resolve("last"), net, scale, run);
            Checkpoint opened = Checkpoint.open(temporary.resolve("last"));
            opened.restore(resumed, Match.STRICT);
            opened.restore(second);
            train(net, scale, 1);
            train(resumed, second, 1);
            same(values(resumed, second), values(net, scale));
            assertThat(second.scale()).isEqualTo(scale.scale()).isEqualTo(1024);
            assertThatThrownBy(() -> opened.restore(without)).isInstanceOf(EngineException.class)
                    .hasMessageContaining("loss scale");
        }
    }

    @Test
    void settingsAreChecked() {
        assertThatThrownBy(() -> new LossScale.Settings(1, 0.5, 0.5, 10)).isInstanceOf(EngineException.class)
                .hasMessageContaining("loss scale").hasMessageContaining("growth above 1");
    }
}
