package dev.osteon.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {

    private static final RunState RUN = new RunState(3, 42, Map.of("views", -5L), Map.of("method", "swav"),
            Map.of("commit", "abc"));
    private final long before = Tensor.live();

    @TempDir
    private Path temporary;

    @AfterEach
    void nothingLeaks() {
        assertThat(Tensor.live()).isEqualTo(before);
    }

    private static Sequential net(int hidden, long seed) {
        Initializer init = Initializer.on(Device.REFERENCE, DType.F32, seed);
        return Sequential.of(new Linear(init.child("0"), 3, hidden, Bias.WITH),
                new BatchNorm(init.child("1"), hidden, Activation.RELU),
                new Linear(init.child("2"), hidden, 1, Bias.WITHOUT));
    }

    private static void train(Module net, Optimizer optimizer) {
        try (TensorScope _ = TensorScope.open(); Tape tape = Tape.watching(net.trainable())) {
            Tensor x = Tensor.of(Device.REFERENCE, Shape.of(2, 3), DType.F32, 1, 2, 3, -1, 0, 5);
            try (Gradients gradients = tape.gradients(Ops.mean(net.forward(x)), net.trainable())) {
                optimizer.step(gradients, 0.1);
            }
        }
    }

    @Test
    void aResumedRunGoesOnAsIfItHadNotStopped() throws IOException {
        Path folder = temporary.resolve("last");
        try (Sequential net = net(4, 1); Sequential resumed = net(4, 2);
                Larc larc = Larc.of(net, 1e-4, Larc.Settings.SWAV);
                Larc second = Larc.of(resumed, 1e-4, Larc.Settings.SWAV)) {
            train(net, larc);
            Checkpoint.write(folder, net, larc, RUN);
            Checkpoint opened = Checkpoint.open(folder);
            assertThat(opened.run()).isEqualTo(RUN);
            assertThat(opened.architecture()).isEqualTo("Sequential");
            Weights.Loaded loaded = opened.restore(resumed, Match.STRICT);
            opened.restore(second);
            assertThat(loaded.loaded()).contains("1.running_mean", "2.weight").hasSize(7);
            train(net, larc);
            train(resumed, second);
            net.parameters().forEach((name, p) ->
                    assertThat(resumed.parameters().get(name).values()).as(name).isEqualTo(p.values()));
            net.buffers().forEach((name, p) ->
                    assertThat(resumed.buffers().get(name).values()).as(name).isEqualTo(p.values()));
        }
    }

    @Test
    void aCrashBetweenTheRenamesLosesNothing() throws IOException {
        Path folder = temporary.resolve("last");
        try (Sequential net = net(4, 1); Sgd sgd = Sgd.of(net, 0.9, 0)) {
            Checkpoint.write(folder, net, sgd, RUN);
            Files.move(folder, temporary.resolve("last.previous"));
            Files.createDirectory(temporary.resolve("last.new"));
            Files.writeString(temporary.resolve("last.new").resolve("model.safetensors"), "cut sh");
            assertThat(Checkpoint.exists(folder)).isTrue();
            assertThat(Checkpoint.open(folder).run()).isEqualTo(RUN);
            RunState later = new RunState(4, 50, Map.of(), Map.of(), Map.of());
            Checkpoint.write(folder, net, sgd, later);
            assertThat(Checkpoint.open(folder).run()).isEqualTo(later);
            try (var files = Files.list(temporary)) {
                assertThat(files).containsExactly(folder);
            }
        }
    }

    @Test
    void anotherArchitectureIsNamedWithTheTensorAndBothShapes() throws IOException {
        Path folder = temporary.resolve("last");
        try (Sequential net = net(4, 1); Sequential wide = net(5, 1); Sgd sgd = Sgd.of(net, 0.9, 0)) {
            Checkpoint.write(folder, net, sgd, RUN);
            double[] untouched = wide.parameters().get("0.weight").values();
            assertThatThrownBy(() -> Checkpoint.open(folder).restore(wide, Match.PARTIAL))
                    .isInstanceOf(EngineException.class).hasMessageContaining("another architecture")
                    .hasMessageContaining("0.weight is [4, 3] there and [5, 3] here");
            assertThat(wide.parameters().get("0.weight").values()).isEqualTo(untouched);
        }
    }

    @Test
    void missingAndUnexpectedNamesAreNamed() throws IOException {
        Path file = temporary.resolve("w.safetensors");
        Initializer init = Initializer.on(Device.REFERENCE, DType.F32, 0);
        try (Linear with = new Linear(init, 2, 2, Bias.WITH); Linear without = new Linear(init, 2, 2, Bias.WITHOUT);
                Sequential other = Sequential.of(new Linear(init, 2, 2, Bias.WITHOUT))) {
            Weights.write(file, with);
            Weights weights = Weights.read(file);
            assertThatThrownBy(() -> weights.loadInto(without, Match.STRICT)).isInstanceOf(EngineException.class)
                    .hasMessageContaining("missing none, unexpected [bias]").hasMessageContaining("given Linear");
            assertThat(weights.loadInto(without, Match.PARTIAL).unexpected()).containsExactly("bias");
            assertThatThrownBy(() -> weights.loadInto(other, Match.PARTIAL)).isInstanceOf(EngineException.class)
                    .hasMessageContaining("no name in common; there [weight, bias], here [0.weight]");
            Weights.write(temporary.resolve("other.safetensors"), other);
            assertThat(Weights.read(temporary.resolve("other.safetensors")).under("0.").loadInto(without, Match.STRICT)
                    .loaded()).containsExactly("weight");
        }
    }

    @Test
    void anotherOptimiserIsRefused() throws IOException {
        Path folder = temporary.resolve("last");
        try (Sequential net = net(4, 1); Sgd sgd = Sgd.of(net, 0.9, 0);
                Larc larc = Larc.of(net, 0, Larc.Settings.APEX)) {
            Checkpoint.write(folder, net, sgd, RUN);
            assertThatThrownBy(() -> Checkpoint.open(folder).restore(larc)).isInstanceOf(EngineException.class)
                    .hasMessageContaining("sgd momentum 0.9").hasMessageContaining("larc momentum 0.9 trust 0.02");
        }
    }

    @Test
    void whatIsNoCheckpointIsRefusedInOneLine() throws IOException {
        assertThat(Checkpoint.exists(temporary.resolve("none"))).isFalse();
        assertThatThrownBy(() -> Checkpoint.open(temporary.resolve("none"))).isInstanceOf(EngineException.class)
                .hasMessageContaining("has no run.json");
        Path file = temporary.resolve("cut.safetensors");
        Files.write(file, new byte[] {100, 0, 0, 0, 0, 0, 0, 0, '{'});
        assertThatThrownBy(() -> Weights.read(file)).isInstanceOf(EngineException.class)
                .hasMessageContaining("is damaged");
        Path folder = Files.createDirectory(temporary.resolve("odd"));
        Files.writeString(folder.resolve("run.json"), "not json");
        assertThatThrownBy(() -> Checkpoint.open(folder)).isInstanceOf(EngineException.class)
                .hasMessageContaining("not one of ours");
    }
}
