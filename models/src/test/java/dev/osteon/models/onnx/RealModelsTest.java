package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.Value;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Small models from the field, at more than one size where their shapes are free: the fast backend agrees with the
 * plain loops in float64, and the second run with a shape, which only does what the shape does not decide, with the
 * first.
 */
class RealModelsTest {

    @ParameterizedTest
    @CsvSource({"version-slim-320.onnx, 240, 320", "version-RFB-320.onnx, 240, 320",
        "ch_ppocr_mobile_v2.0_cls_infer.onnx, 48, 192", "ch_ppocr_mobile_v2.0_cls_infer.onnx, 64, 96",
        "ch_PP-OCRv4_det_infer.onnx, 64, 96"})
    void backendsAgree(String file, int height, int width) throws IOException {
        List<double[]> fast = twice(file, Device.CPU, height, width);
        List<double[]> plain = twice(file, Device.REFERENCE, height, width);
        assertThat(fast).hasSameSizeAs(plain).isNotEmpty();
        for (int i = 0; i < fast.size(); i++) {
            assertThat(fast.get(i)).hasSizeGreaterThan(1).containsExactly(plain.get(i), within(2e-4));
        }
    }

    private static List<double[]> twice(String file, Device device, int height, int width) throws IOException {
        float[] pixels = new float[3 * height * width];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (float) Math.sin(0.37 * i + 0.001 * i % 7);
        }
        try (TensorScope _ = TensorScope.open();
                OnnxModel model = OnnxModel.load(SharedData.at("models/" + file), device)) {
            Tensor x = Tensor.of(device, Shape.of(1, 3, height, width), pixels).to(model.floating());
            Map<String, Value> inputs = Map.of(model.inputs().getFirst().name(), Value.of(x));
            List<double[]> first = new ArrayList<>();
            model.run(inputs).values().forEach(v -> first.add(v.toHost().reals()));
            List<double[]> second = new ArrayList<>();
            model.run(inputs).values().forEach(v -> second.add(v.toHost().reals()));
            for (int i = 0; i < first.size(); i++) {
                assertThat(second.get(i)).containsExactly(first.get(i));
            }
            return first;
        }
    }
}
