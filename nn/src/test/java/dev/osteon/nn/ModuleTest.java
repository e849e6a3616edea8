package dev.osteon.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ModuleTest {

    private static final Initializer INIT = Initializer.on(Device.REFERENCE, DType.F64, 7);
    private final long before = Tensor.live();

    @AfterEach
    void nothingLeaks() {
        assertThat(Tensor.live()).isEqualTo(before);
    }

    @Test
    void batchNormMovesItsRunningStatisticsInTrainingOnly() {
        try (TensorScope _ = TensorScope.open();
                BatchNorm norm = new BatchNorm(INIT, 2, Activation.NONE)) {
            Tensor x = Tensor.of(Device.REFERENCE, Shape.of(4, 2), DType.F64, 1, 10, 2, 10, 3, 10, 6, 14);
            double[] y = norm.forward(x).toDoubles();
            assertThat(y[0]).isCloseTo(-2 / Math.sqrt(3.5 + 1e-5), within(1e-12));
            double[] mean = {0.3, 1.1};                                   // 0.9·0 + 0.1·(3, 11)
            double[] variance = {0.9 + 0.1 * 14.0 / 3, 0.9 + 0.1 * 4.0};  // divisor n − 1
            assertThat(norm.buffers().get("running_mean").values()).containsExactly(mean, within(1e-12));
            assertThat(norm.buffers().get("running_var").values()).containsExactly(variance, within(1e-12));
            norm.mode(Mode.EVAL);
            double[] frozen = norm.forward(x).toDoubles();
            assertThat(frozen[0]).isCloseTo(0.7 / Math.sqrt(variance[0] + 1e-5), within(1e-12));
            assertThat(norm.buffers().get("running_mean").values()).containsExactly(mean, within(1e-12));
        }
    }

    @Test
    void layersComputeWhatTheirFormulasSay() {
        try (TensorScope _ = TensorScope.open();
                Linear linear = new Linear(INIT.child("fc"), 2, 1, Bias.WITH);
                LayerNorm norm = new LayerNorm(INIT.child("norm"), Shape.of(2), 0);
                Sequential both = Sequential.of(norm, new Relu(), new Flatten())) {
            linear.parameters().get("weight").assign(2, -1);
            linear.parameters().get("bias").assign(0.5);
            Tensor x = Tensor.of(Device.REFERENCE, Shape.of(1, 2), DType.F64, 3, 5);
            assertThat(linear.forward(x).toDoubles()).containsExactly(1.5);
            assertThat(both.forward(x).toDoubles()).containsExactly(new double[] {0, 1}, within(1e-12));
            assertThat(both.parameters().keySet()).containsExactly("0.weight", "0.bias");
        }
    }

    @Test
    void convolutionWithBiasAddsIt() {
        try (TensorScope _ = TensorScope.open();
                Conv2d conv = new Conv2d(INIT, 1, 1, dev.osteon.engine.op.Window.ONE, new dev.osteon.engine.op.Conv2d(
                        dev.osteon.engine.op.Window.ONE, dev.osteon.engine.op.Window.ZERO,
                        dev.osteon.engine.op.Window.ONE, 1), Bias.WITH)) {
            conv.parameters().get("weight").assign(3);
            conv.parameters().get("bias").assign(1);
            Tensor x = Tensor.of(Device.REFERENCE, Shape.of(1, 1, 1, 2), DType.F64, 2, -1);
            assertThat(conv.forward(x).toDoubles()).containsExactly(7, -2);
        }
    }

    @Test
    void initialWeightsDependOnSeedAndNameOnly() {
        try (Linear a = new Linear(INIT.child("a"), 3, 5, Bias.WITH);
                Linear again = new Linear(INIT.child("a"), 3, 5, Bias.WITH);
                Linear b = new Linear(INIT.child("b"), 3, 5, Bias.WITH);
                Linear other = new Linear(Initializer.on(Device.REFERENCE, DType.F32, 8).child("a"), 3, 5, Bias.WITH);
                Linear single = new Linear(Initializer.on(Device.REFERENCE, DType.F32, 7).child("a"), 3, 5,
                        Bias.WITH)) {
            double[] weight = a.weight().values();
            assertThat(again.weight().values()).isEqualTo(weight);
            assertThat(single.weight().values()).as("float32 starts from the same numbers").isEqualTo(weight);
            assertThat(b.weight().values()).isNotEqualTo(weight);
            assertThat(other.weight().values()).isNotEqualTo(weight);
            assertThat(a.weight().name()).isEqualTo("a.weight");
            assertThat(Arrays.stream(weight).map(Math::abs).max().orElseThrow()).isLessThanOrEqualTo(1 / Math.sqrt(3));
        }
    }

    @Test
    void convolutionsAreDrawnWithHesFanOut() {
        try (Conv2d conv = Conv2d.square(INIT, 64, 32, 3, 1, 1)) {
            double[] w = conv.parameters().get("weight").values();
            double mean = Arrays.stream(w).average().orElseThrow();
            double variance = Arrays.stream(w).map(v -> v * v).average().orElseThrow();
            assertThat(mean).isCloseTo(0, within(0.003));
            assertThat(variance).isCloseTo(2.0 / (32 * 9), within(0.0003));
        }
    }

    @Test
    void bf16ParametersAreRefused() {
        assertThatThrownBy(() -> Initializer.on(Device.REFERENCE, DType.BF16, 0)).isInstanceOf(EngineException.class)
                .hasMessageContaining("given parameters of bf16").hasMessageContaining("autocast");
    }

    @Test
    void aParameterInTwoGroupsIsRefused() {
        try (Linear linear = new Linear(INIT, 2, 2, Bias.WITHOUT)) {
            ParameterGroup group = ParameterGroup.of(linear, 0);
            assertThatThrownBy(() -> new Sgd(List.of(group, group), 0.9, SgdStep.Nesterov.NO))
                    .isInstanceOf(EngineException.class).hasMessageContaining("weight is in two groups");
            assertThatThrownBy(() -> ParameterGroup.of(linear, -1)).isInstanceOf(EngineException.class)
                    .hasMessageContaining("given -1");
        }
    }

    @Test
    void anOptimiserLeavesWhatHasNoGradientAlone() {
        LinkedHashMap<String, Module> parts = new LinkedHashMap<>();
        parts.put("used", new Linear(INIT.child("used"), 2, 2, Bias.WITHOUT));
        parts.put("unused", new Linear(INIT.child("unused"), 2, 2, Bias.WITHOUT));
        try (Sequential net = new Sequential(parts); Sgd sgd = Sgd.of(net, 0.9, 0.1)) {
            double[] kept = net.parameters().get("unused.weight").values();
            double[] moved = net.parameters().get("used.weight").values();
            try (TensorScope _ = TensorScope.open(); Tape tape = Tape.watching(net.trainable())) {
                Tensor x = Ops.full(Device.REFERENCE, Shape.of(1, 2), DType.F64, 1);
                Tensor loss = Ops.sum(parts.get("used").forward(x));
                try (Gradients gradients = tape.gradients(loss, net.trainable())) {
                    sgd.step(gradients, 0.5);
                }
            }
            assertThat(net.parameters().get("unused.weight").values()).isEqualTo(kept);
            assertThat(sgd.state().keySet()).containsExactly("used.weight");
            double[] expected = Arrays.stream(moved).map(w -> w - 0.5 * (1 + 0.1 * w)).toArray();
            assertThat(net.parameters().get("used.weight").values()).containsExactly(expected, within(1e-12));
        }
    }
}
