package dev.osteon.models.onnx;

import com.google.protobuf.ByteString;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Device;
import dev.osteon.models.onnx.graph.GraphReader;
import dev.osteon.models.onnx.proto.Onnx.AttributeProto;
import dev.osteon.models.onnx.proto.Onnx.GraphProto;
import dev.osteon.models.onnx.proto.Onnx.ModelProto;
import dev.osteon.models.onnx.proto.Onnx.NodeProto;
import dev.osteon.models.onnx.proto.Onnx.OperatorSetIdProto;
import dev.osteon.models.onnx.proto.Onnx.TypeProto;
import dev.osteon.models.onnx.proto.Onnx.ValueInfoProto;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Models of one operation, for tests of what it means: real numbers are given on the device, others on the host, as the
 * commands give them.
 */
record OneNode(int opset, String type, List<AttributeProto> attributes) {

    static OneNode of(int opset, String type) {
        return new OneNode(opset, type, List.of());
    }

    OneNode with(AttributeProto.Builder attribute) {
        List<AttributeProto> more = new ArrayList<>(attributes);
        more.add(attribute.build());
        return new OneNode(opset, type, more);
    }

    OneNode integer(String name, long value) {
        return with(AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INT).setI(value));
    }

    OneNode integers(String name, Long... values) {
        return with(AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.INTS)
                .addAllInts(List.of(values)));
    }

    OneNode real(String name, float value) {
        return with(AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.FLOAT).setF(value));
    }

    OneNode text(String name, String value) {
        return with(AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.STRING)
                .setS(ByteString.copyFromUtf8(value)));
    }

    /** The model, on {@code device}, of {@code count} operands x0, x1, … */
    OnnxModel model(Device device, int count) {
        return OnnxModel.of(GraphReader.read(bytes(count), type, Optional.empty()), device);
    }

    private byte[] bytes(int count) {
        GraphProto.Builder graph = GraphProto.newBuilder();
        NodeProto.Builder node = NodeProto.newBuilder().setName("node").setOpType(type).addOutput("y")
                .addAllAttribute(attributes);
        for (int i = 0; i < count; i++) {
            node.addInput("x" + i);
            graph.addInput(ValueInfoProto.newBuilder().setName("x" + i).setType(TypeProto.newBuilder()
                    .setTensorType(TypeProto.Tensor.newBuilder().setElemType(1))));
        }
        graph.addNode(node).addOutput(ValueInfoProto.newBuilder().setName("y"));
        return ModelProto.newBuilder().addOpsetImport(OperatorSetIdProto.newBuilder().setVersion(opset))
                .setGraph(graph).build().toByteArray();
    }

    /** The result with real operands on the device, brought to the host. */
    HostArray run(HostArray... operands) {
        return run(Where.DEVICE, operands);
    }

    /** The result on another device, with real operands there. */
    HostArray run(Device device, HostArray... operands) {
        return run(Where.DEVICE, device, operands);
    }

    /** The result with all operands on the host, where a cast or a constant would leave them. */
    HostArray onHost(HostArray... operands) {
        return run(Where.HOST, operands);
    }

    /** The result with truth values on the device too, where comparisons of tensors leave them. */
    HostArray withTruthsOnDevice(HostArray... operands) {
        return run(Where.DEVICE_WITH_TRUTHS, operands);
    }

    private enum Where {
        DEVICE, DEVICE_WITH_TRUTHS, HOST;

        boolean takes(ElementType type) {
            return this != HOST && type.isComputed() || this == DEVICE_WITH_TRUTHS && type == ElementType.BOOL;
        }
    }

    private HostArray run(Where where, HostArray... operands) {
        return run(where, Device.CPU, operands);
    }

    private HostArray run(Where where, Device device, HostArray... operands) {
        try (TensorScope _ = TensorScope.open(); OnnxModel model = model(device, operands.length)) {
            Map<String, Value> inputs = new TreeMap<>();
            for (int i = 0; i < operands.length; i++) {
                inputs.put("x" + i, where.takes(operands[i].type())
                        ? Value.of(operands[i].upload(device, model.floating())) : Value.of(operands[i]));
            }
            return model.run(inputs).firstEntry().getValue().toHost();
        }
    }
}
