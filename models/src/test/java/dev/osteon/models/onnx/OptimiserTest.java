package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.GraphReader;
import dev.osteon.models.onnx.optimise.Optimiser;
import dev.osteon.models.onnx.value.OnnxException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OptimiserTest {

    private static Graph corpus(String name) throws IOException {
        try (InputStream in = OptimiserTest.class.getResourceAsStream("/onnx/corpus/" + name)) {
            return GraphReader.read(in.readAllBytes(), name, Optional.empty());
        }
    }

    private static double[] run(Graph graph, Shape shape) {
        float[] values = new float[(int) shape.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(1.3 * i);
        }
        try (TensorScope _ = TensorScope.open(); OnnxModel model = OnnxModel.of(graph, Device.CPU)) {
            return model.forward(Tensor.of(Device.CPU, shape, values)).toDoubles();
        }
    }

    @Test
    void aBatchNormBecomesPartOfTheConvolution() throws IOException {
        Graph plain = corpus("convolution.onnx");
        Graph folded = Optimiser.optimised(plain);
        assertThat(Survey.operations(plain)).containsKey("BatchNormalization");
        assertThat(Survey.operations(folded)).doesNotContainKey("BatchNormalization").containsKey("Conv");
        assertThat(folded.initializers().keySet()).containsExactlyInAnyOrder("w", "be");
        Shape shape = Shape.of(2, 2, 9, 10);
        double[] expected = run(plain, shape);
        assertThat(Arrays.stream(expected).max().orElse(0)).as("something passes the ReLU").isGreaterThan(0.05);
        assertThat(run(folded, shape)).containsExactly(expected, within(1e-5));
    }

    @Test
    void theExportersPatternsAreFound() throws IOException {
        Graph plain = GraphReader.read(SharedData.at("sam/encoder.onnx"));
        Map<String, Long> before = Survey.operations(plain);
        Graph optimised = Optimiser.optimised(plain);
        Map<String, Long> after = Survey.operations(optimised);
        assertThat(after).doesNotContainKey("Erf").doesNotContainKey("MatMul")
                .doesNotContainKey("Softmax")
                .containsEntry("Gelu", before.get("Erf") - epilogues(optimised))     // after a sum they stay
                .containsEntry("dev.osteon.Attention", before.get("Softmax"))
                .containsEntry("dev.osteon.Linear", 40L).containsEntry("dev.osteon.ChannelNormalization", 2L);
        assertThat(epilogues(optimised)).isEqualTo(21);
        assertThat(after.get("LayerNormalization")).isGreaterThanOrEqualTo(before.get("Sqrt") - 2);
        Graph decoder = GraphReader.read(SharedData.at("sam/decoder.onnx"));
        assertThat(Survey.operations(Optimiser.optimised(decoder))).doesNotContainKey("Softmax")
                .containsEntry("dev.osteon.Attention", 7L);   // whose product's shape is asked for
    }

    private static long epilogues(Graph graph) {
        return graph.nodes().stream().filter(node -> node.attributes().has(Epilogue.class.getName())).count();
    }

    @Test
    void onlyWhatTheWantedOutputsNeedIsKept() throws IOException {
        Graph decoder = GraphReader.read(SharedData.at("sam/decoder.onnx"));
        Graph coarse = decoder.withOutputs(Set.of("low_res_masks"));
        assertThat(coarse.outputs()).hasSize(1);
        assertThat(Survey.operations(decoder)).containsKey("Resize");
        assertThat(Survey.operations(coarse)).doesNotContainKey("Resize");
        assertThatThrownBy(() -> decoder.withOutputs(Set.of("fine"))).isInstanceOf(OnnxException.class)
                .hasMessageContaining("given outputs [fine] to keep; expected some of");
    }

    /** An image as tokens, its attention with a bias, and back: in channels-last memory, and in the order of rows. */
    @Test
    void imagesAndTokensAreTheSameInEveryLayout() {
        for (Layout layout : Layout.values()) {
            try (TensorScope _ = TensorScope.open()) {
                Tensor x = Tensor.of(Device.CPU, Shape.of(2, 3, 4, 5), DType.F32, IntStream.range(0, 120)
                        .asDoubleStream().toArray()).to(layout);
                Tensor tokens = Ops.reshape(Ops.permute(x, 0, 2, 3, 1), 2, 20, 3);
                assertThat(tokens.toDoubles())
                        .isEqualTo(Ops.permute(Ops.reshape(x, 2, 3, 20), 0, 2, 1).toDoubles());
                Tensor image = Ops.permute(Ops.reshape(tokens, 2, 4, 5, 3), 0, 3, 1, 2);
                assertThat(image.layout()).isEqualTo(Layout.NHWC);
                assertThat(image.toDoubles()).isEqualTo(x.toDoubles());
            }
        }
    }
}
