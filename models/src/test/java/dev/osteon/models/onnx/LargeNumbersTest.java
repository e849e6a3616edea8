package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.graph.GraphReader;
import dev.osteon.models.onnx.proto.Onnx.GraphProto;
import dev.osteon.models.onnx.proto.Onnx.ModelProto;
import dev.osteon.models.onnx.proto.Onnx.NodeProto;
import dev.osteon.models.onnx.proto.Onnx.TensorProto;
import dev.osteon.models.onnx.proto.Onnx.TensorShapeProto;
import dev.osteon.models.onnx.proto.Onnx.TypeProto;
import dev.osteon.models.onnx.proto.Onnx.ValueInfoProto;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.OnnxException;
import dev.osteon.models.onnx.value.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A number of a few bytes in a file cannot make the importer work for minutes, nor take gigabytes. */
@Timeout(value = 2, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LargeNumbersTest {

    private static final long HUGE = 1L << 26;

    private static HostArray wave(int... dims) {
        double[] values = new double[(int) Shape.of(dims).size()];
        Arrays.setAll(values, i -> Math.sin(1 + 2.7 * i));
        return OperationsTest.floats(Shape.of(dims), values);
    }

    @Test
    void windowsFarLargerThanTheirInput() {
        HostArray one = OperationsTest.floats(Shape.of(1, 1, 1), 2);
        double y = OneNode.of(18, "LRN").integer("size", 1 << 25).run(OperationsTest.floats(Shape.of(1, 1, 1, 1), 2))
                .reals()[0];
        assertThat(y).isCloseTo(2, within(1e-6));
        assertThat(OneNode.of(18, "AveragePool").integers("kernel_shape", HUGE).integers("pads", HUGE / 2, HUGE / 2)
                .run(one).reals()).containsExactly(2, 2);
        assertThatThrownBy(() -> OneNode.of(18, "MaxPool").integers("kernel_shape", HUGE)
                .integers("pads", HUGE - 1, HUGE - 1).run(one)).isInstanceOf(OnnxException.class)
                .hasMessageContaining("expected at most 4294967296 combinations");
        assertThatThrownBy(() -> OneNode.of(18, "MaxPool").integers("kernel_shape", 8000L, 8000L)
                .integers("pads", 7999L, 7999L, 7999L, 7999L).run(HostArray.of(ElementType.UINT8,
                        Shape.of(1, 1, 100, 100), new long[10000]))).isInstanceOf(OnnxException.class)
                .hasMessageContaining("comparisons");
    }

    @ParameterizedTest
    @CsvSource({"9, 1, 1, 4", "16, 2, 1, 5", "21, 3, 2, 20", "12, 1, 3, 7", "31, 5, 1, 0"})
    void largeWindowsGiveWhatTheirElementsDo(int kernel, int stride, int dilation, int pad) {
        HostArray x = wave(1, 2, 60);
        double[] values = x.reals();
        int outputs = (60 + 2 * pad - (kernel - 1) * dilation - 1) / stride + 1;
        double[] most = new double[2 * outputs];
        double[] mean = new double[2 * outputs];
        for (int at = 0; at < most.length; at++) {
            most[at] = Double.NEGATIVE_INFINITY;
            int counted = 0;
            for (int k = 0; k < kernel; k++) {
                int place = at % outputs * stride - pad + k * dilation;
                if (place >= 0 && place < 60) {
                    most[at] = Math.max(most[at], values[at / outputs * 60 + place]);
                    mean[at] += values[at / outputs * 60 + place];
                    counted++;
                }
            }
            mean[at] /= counted;
        }
        OneNode maxPool = pool("MaxPool", kernel, stride, dilation, pad);
        assertThat(maxPool.run(x).reals()).containsExactly(most);
        assertThat(maxPool.run(HostArray.of(ElementType.INT8, x.shape(), Arrays.stream(values).map(v -> 100 * v)
                .toArray())).reals()).containsExactly(Arrays.stream(most).map(v -> (long) (100 * v)).toArray());
        double[] given = pool("AveragePool", kernel, stride, dilation, pad).run(x).reals();
        assertThat(given).containsExactly(mean, within(1e-5));
    }

    private static OneNode pool(String type, long kernel, long stride, long dilation, long pad) {
        return OneNode.of(19, type).integers("kernel_shape", kernel).integers("strides", stride)
                .integers("dilations", dilation).integers("pads", pad, pad);
    }

    @Test
    void neighboursInManyChannels() {
        HostArray x = wave(1, 40, 1, 1);
        double[] expected = new double[40];
        for (int c = 0; c < 40; c++) {
            double squares = 0;
            for (int k = Math.max(0, c - 10); k <= Math.min(39, c + 10); k++) {
                squares += x.reals()[k] * x.reals()[k];
            }
            expected[c] = x.reals()[c] / Math.pow(1 + 0.1 / 21 * squares, 0.75);
        }
        OneNode lrn = OneNode.of(13, "LRN").integer("size", 21).real("alpha", 0.1f);
        assertThat(lrn.run(x).reals()).containsExactly(expected, within(1e-5));
        assertThatThrownBy(() -> OneNode.of(13, "LRN").integer("size", 0).run(x)).isInstanceOf(OnnxException.class)
                .hasMessageContaining("size 0");
    }

    @Test
    void gradientsComeThroughLargeWindows() {
        try (TensorScope _ = TensorScope.open();
                OnnxModel model = pool("MaxPool", 17, 1, 1, 0).model(Device.CPU, 1)) {
            Tensor x = wave(1, 1, 40).upload(Device.CPU, model.floating());
            try (TensorScope _ = TensorScope.open(); Tape tape = Tape.watching(List.of(x))) {
                Tensor y = ((Value.OnDevice) model.run(Map.of("x0", Value.of(x))).firstEntry().getValue()).tensor();
                try (Gradients gradients = tape.gradients(Ops.sum(y), List.of(x))) {
                    double[] slope = gradients.of(x).toDoubles();
                    assertThat(Arrays.stream(slope).sum()).isCloseTo(y.size(), within(1e-4));
                    for (int i = 0; i < slope.length; i++) {
                        assertThat(slope[i] == 0 || contains(y.toDoubles(), x.toDoubles()[i])).isTrue();
                    }
                }
            }
        }
    }

    private static boolean contains(double[] values, double value) {
        return Arrays.stream(values).anyMatch(v -> v == value);
    }

    @Test
    void aWindowOfPaddingHasNoPlace() {
        HostArray x = HostArray.of(ElementType.UINT8, Shape.of(1, 2, 2), 1, 2, 3, 4);
        assertThatThrownBy(() -> pool("MaxPool", 1, 1, 1, 1).run(x)).isInstanceOf(OnnxException.class)
                .hasMessageContaining("padding alone");
    }

    @Test
    void whatIsRepeatedByIndicesIsAffordable() {
        HostArray row = wave(1, 1 << 15);
        HostArray zeros = HostArray.of(ElementType.INT64, Shape.of(1 << 14), new long[1 << 14]);
        String expected = "expected at most 268435456 elements";
        assertThatThrownBy(() -> OneNode.of(13, "Gather").run(row, zeros)).isInstanceOf(OnnxException.class)
                .hasMessageContaining(expected);
        assertThatThrownBy(() -> OneNode.of(13, "GatherND").run(row, zeros.reshaped(Shape.of(1 << 14, 1))))
                .isInstanceOf(OnnxException.class).hasMessageContaining(expected);
        assertThatThrownBy(() -> OneNode.of(18, "Pad").text("mode", "reflect").run(wave(4),
                HostArray.longs(1 << 28, 1 << 28))).isInstanceOf(OnnxException.class).hasMessageContaining(expected);
    }

    @Test
    void thousandsOfDimensions() {
        long[] ones = new long[70];
        Arrays.fill(ones, 1);
        String expected = "70 dimensions; expected at most 64";
        assertThatThrownBy(() -> OneNode.of(13, "Reshape").run(wave(1), HostArray.longs(ones)))
                .isInstanceOf(OnnxException.class).hasMessageContaining(expected);
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        TensorProto.Builder tensor = TensorProto.newBuilder().setName("w").setDataType(1).addFloatData(1);
        for (long one : ones) {
            shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimValue(one));
            tensor.addDims(one);
        }
        GraphProto.Builder input = GraphProto.newBuilder().addInput(ValueInfoProto.newBuilder().setName("w").setType(
                TypeProto.newBuilder().setTensorType(TypeProto.Tensor.newBuilder().setElemType(1).setShape(shape))));
        for (GraphProto.Builder graph : List.of(input, GraphProto.newBuilder().addInitializer(tensor))) {
            byte[] model = ModelProto.newBuilder().setGraph(graph
                    .addNode(NodeProto.newBuilder().setOpType("Relu").addInput("w").addOutput("y"))
                    .addOutput(ValueInfoProto.newBuilder().setName("y"))).build().toByteArray();
            assertThatThrownBy(() -> OnnxModel.of(GraphReader.read(model, "m", Optional.empty()), Device.CPU).close())
                    .isInstanceOf(OnnxException.class).hasMessageContaining(expected);
        }
    }

    /** Its length is not known, and it has no end. */
    @Test
    void aDeviceIsNoModel(@TempDir Path folder) throws IOException {
        assertThatThrownBy(() -> GraphReader.read(folder)).isInstanceOf(OnnxException.class)
                .hasMessageContaining("not a file");
        assumeTrue(Files.exists(Path.of("/dev/zero")), "no device to read from");
        assertThatThrownBy(() -> GraphReader.read(Path.of("/dev/zero"))).isInstanceOf(OnnxException.class)
                .hasMessageContaining("not a file");
    }
}
