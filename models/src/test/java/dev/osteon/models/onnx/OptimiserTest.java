package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.GraphReader;
import dev.osteon.models.onnx.optimise.Optimiser;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
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
        Map<String, Long> after = Survey.operations(Optimiser.optimised(plain));
        assertThat(after).doesNotContainKey("Erf").containsEntry("Gelu", before.get("Erf"));
        assertThat(after.get("LayerNormalization")).isGreaterThanOrEqualTo(before.get("Sqrt") - 2);
        assertThat(after.get("dev.osteon.Linear")).isGreaterThanOrEqualTo(40);
    }
}
