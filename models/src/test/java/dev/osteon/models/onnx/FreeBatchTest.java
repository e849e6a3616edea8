package dev.osteon.models.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.GraphReader;
import dev.osteon.models.onnx.optimise.FreeBatch;
import dev.osteon.models.onnx.proto.Onnx.GraphProto;
import dev.osteon.models.onnx.proto.Onnx.ModelProto;
import dev.osteon.models.onnx.proto.Onnx.NodeProto;
import dev.osteon.models.onnx.proto.Onnx.OperatorSetIdProto;
import dev.osteon.models.onnx.proto.Onnx.TensorProto;
import dev.osteon.models.onnx.proto.Onnx.TensorShapeProto;
import dev.osteon.models.onnx.proto.Onnx.TensorShapeProto.Dimension;
import dev.osteon.models.onnx.proto.Onnx.TypeProto;
import dev.osteon.models.onnx.proto.Onnx.ValueInfoProto;
import dev.osteon.models.onnx.value.OnnxException;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FreeBatchTest {

    private static final Dimension ANY = Dimension.newBuilder().setDimParam("batch").build();
    private static final Dimension ONE = Dimension.newBuilder().setDimValue(1).build();

    /** Samples [b, 6, 4] as windows [2b, 12], and a table that all share: y = x + table as [b, 4, 6]. */
    private static Graph traced(Dimension batch) {
        GraphProto.Builder graph = GraphProto.newBuilder();
        graph.addInput(ValueInfoProto.newBuilder().setName("x").setType(TypeProto.newBuilder().setTensorType(
                TypeProto.Tensor.newBuilder().setElemType(TensorProto.DataType.FLOAT_VALUE)
                        .setShape(TensorShapeProto.newBuilder().addDim(batch)
                                .addDim(Dimension.newBuilder().setDimValue(6))
                                .addDim(Dimension.newBuilder().setDimValue(4))))));
        shape(graph, "windows.shape", -1, 12);
        shape(graph, "table.shape", 1, -1, 12);
        shape(graph, "pairs.shape", 1, 2, -1);
        shape(graph, "y.shape", 1, 4, 6);
        graph.addInitializer(TensorProto.newBuilder().setName("t").setDataType(TensorProto.DataType.FLOAT_VALUE)
                .addDims(24).addAllFloatData(IntStream.range(0, 24).mapToObj(i -> 100f * i).toList()));
        node(graph, "Reshape", "windows", "x", "windows.shape");            // [2b, 12]
        node(graph, "Reshape", "pairs", "windows", "pairs.shape");          // [b, 2, 12]
        node(graph, "Reshape", "table", "t", "table.shape");                // [1, 2, 12], whatever the batch is
        node(graph, "Add", "sum", "pairs", "table");
        node(graph, "Reshape", "y", "sum", "y.shape");
        graph.addOutput(ValueInfoProto.newBuilder().setName("y"));
        return GraphReader.read(ModelProto.newBuilder().addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(13))
                .setGraph(graph).build().toByteArray(), "traced", Optional.empty());
    }

    private static void shape(GraphProto.Builder graph, String name, long... sizes) {
        TensorProto.Builder tensor = TensorProto.newBuilder().setName(name).addDims(sizes.length)
                .setDataType(TensorProto.DataType.INT64_VALUE);
        for (long size : sizes) {
            tensor.addInt64Data(size);
        }
        graph.addInitializer(tensor);
    }

    private static void node(GraphProto.Builder graph, String type, String output, String... inputs) {
        graph.addNode(NodeProto.newBuilder().setOpType(type).addAllInput(List.of(inputs)).addOutput(output));
    }

    private static Tensor run(OnnxModel model, int samples) {
        double[] values = IntStream.range(0, samples * 24).asDoubleStream().toArray();
        return model.forward(Tensor.of(Device.CPU, Shape.of(samples, 6, 4), DType.F32, values));
    }

    @Test
    void whatWasTracedWithOneSampleTakesMore() {
        try (TensorScope _ = TensorScope.open(); OnnxModel traced = OnnxModel.of(traced(ANY), Device.CPU);
                OnnxModel freed = OnnxModel.of(FreeBatch.freed(traced(ANY)), Device.CPU)) {
            assertThat(run(freed, 1).toDoubles()).isEqualTo(run(traced, 1).toDoubles());
            assertThatThrownBy(() -> run(traced, 3)).isInstanceOf(OnnxException.class);
            Tensor three = run(freed, 3);
            assertThat(three.shape()).isEqualTo(Shape.of(3, 4, 6));
            assertThat(three.toDoubles()).isEqualTo(IntStream.range(0, 72).mapToDouble(i -> i + 100 * (i % 24))
                    .toArray());
        }
    }

    @Test
    void whatSaysThatItTakesOneStaysAsItIs() {
        Graph one = traced(ONE);
        assertThat(FreeBatch.freed(one)).isSameAs(one);
    }
}
