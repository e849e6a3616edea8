package dev.osteon.engine.backend.onednn.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.ConvTranspose2dOnto;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A gradient that is added to an image of integers: exact in float32, and rounded once in bfloat16. */
class ConvTransposeOntoTest {

    @ParameterizedTest
    @CsvSource({"1, 64, 256, 9, 7, NHWC", "1, 64, 96, 21, 18, NHWC", "1, 30, 17, 5, 6, NHWC",
            "1, 32, 64, 8, 8, ROW_MAJOR", "3, 32, 48, 8, 9, NHWC"})
    void adds(int kernel, int out, int in, int height, int width, Layout layout) {
        Window padding = Window.square(kernel / 2);
        ConvTranspose2d transpose = new ConvTranspose2d(Window.ONE, padding, Window.ZERO, Window.ONE, 1);
        double[] dy = integers(3 * out * height * width);
        double[] w = integers(out * in * kernel * kernel);
        double[] x = integers(3 * in * height * width);
        for (DType type : new DType[] {DType.F32, DType.BF16}) {
            try (TensorScope scope = TensorScope.open()) {
                Tensor[] exact = operands(Device.REFERENCE, DType.F64, layout, new Shape[] {
                        Shape.of(3, out, height, width), Shape.of(out, in, kernel, kernel),
                        Shape.of(3, in, height, width)}, dy, w, x);
                Tensor[] actual = Arrays.stream(exact).map(t -> Tensor.of(Device.CPU, t.shape(), type, t.toDoubles())
                        .to(t.layout())).toArray(Tensor[]::new);
                Dispatcher.runAll(new ConvTranspose2dOnto(transpose), Arrays.asList(exact));
                Dispatcher.runAll(new ConvTranspose2dOnto(transpose), Arrays.asList(actual));
                double[] expected = Arrays.stream(exact[2].toDoubles()).map(v -> type == DType.F32 ? v
                        : HostData.bfloat16ToFloat(HostData.floatToBfloat16((float) v))).toArray();
                assertThat(actual[2].toDoubles()).as("%s", type).isEqualTo(expected);
            }
        }
    }

    private static double[] integers(int count) {
        return new SplittableRandom(count).ints(count, -3, 4).asDoubleStream().toArray();
    }

    private static Tensor[] operands(Device device, DType type, Layout layout, Shape[] shapes, double[]... values) {
        Tensor[] tensors = new Tensor[shapes.length];
        for (int i = 0; i < shapes.length; i++) {
            Tensor tensor = Tensor.of(device, shapes[i], type, values[i]);
            tensors[i] = i == 1 ? tensor : tensor.to(layout);
        }
        return tensors;
    }
}
