package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.Value;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Between types of real numbers values are rounded, and gradients come through as if they were not. */
class CastsTest {

    @ParameterizedTest
    @CsvSource({"FLOAT, 1", "FLOAT16, 10", "DOUBLE, 11", "BFLOAT16, 16", "FLOAT8E4M3FN, 17", "FLOAT8E4M3FNUZ, 18",
        "FLOAT8E5M2, 19", "FLOAT8E5M2FNUZ, 20", "FLOAT4E2M1, 23"})
    void gradientsComeThrough(ElementType type, int code) {
        double[] given = {0, 1.7, -2.3, 0.123456789, 3, -0.7};
        float[] values = new float[given.length];
        double[] rounded = new double[given.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) given[i];
            rounded[i] = type.round(values[i]);
        }
        for (Device device : List.of(Device.CPU, Device.REFERENCE)) {
            try (TensorScope _ = TensorScope.open(); OnnxModel model = OneNode.of(24, "Cast").integer("to", code)
                    .model(device, 1)) {
                Tensor x = Tensor.of(device, Shape.of(values.length), model.floating(), given).to(model.floating());
                Tensor weights = Tensor.of(device, Shape.of(values.length), model.floating(), 1, 2, 3, 4, 5, 6);
                try (TensorScope _ = TensorScope.open(); Tape tape = Tape.watching(List.of(x))) {
                    Value y = model.run(Map.of("x0", Value.of(x))).firstEntry().getValue();
                    assertThat(y).isInstanceOf(Value.OnDevice.class);
                    Tensor result = ((Value.OnDevice) y).tensor();
                    double[] found = result.toDoubles();
                    for (int i = 0; i < found.length; i++) {
                        assertThat((float) found[i]).as("%s to %s on %s", given[i], type, device)
                                .isEqualTo((float) (rounded[i] + 0.0));
                    }
                    try (Gradients gradients = tape.gradients(Ops.sum(Ops.mul(result, weights)), List.of(x))) {
                        assertThat(gradients.of(x).toDoubles()).containsExactly(1, 2, 3, 4, 5, 6);
                    }
                }
            }
        }
    }

    /** What has no finite value in the type keeps its meaning, and hands no gradient to anything else. */
    @ParameterizedTest
    @CsvSource({"FLOAT16, 10, Infinity, Infinity", "FLOAT8E4M3FN, 17, 448, 448", "FLOAT8E5M2, 19, 57344, 57344"})
    void whatIsTooLargeBecomesTheTypesLargest(ElementType type, int code, double large, double infinite) {
        double[] y = OneNode.of(24, "Cast").integer("to", code).run(OperationsTest.floats(1e30,
                Double.POSITIVE_INFINITY, Double.NaN, 1)).reals();
        assertThat(y).as(type.toString()).containsExactly(large, infinite, Double.NaN, 1);
    }
}
