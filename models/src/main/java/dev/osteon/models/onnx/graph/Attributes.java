package dev.osteon.models.onnx.graph;

import com.google.protobuf.ByteString;
import dev.osteon.models.onnx.proto.Onnx.AttributeProto;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.OnnxException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A node's attributes by name. Each getter takes what holds when the attribute is absent. */
public record Attributes(String node, Map<String, AttributeProto> all) {

    public Attributes {
        all = Map.copyOf(all);
    }

    /** The same with one more, which is text. */
    public Attributes with(String name, String text) {
        Map<String, AttributeProto> more = new HashMap<>(all);
        more.put(name, AttributeProto.newBuilder().setName(name).setType(AttributeProto.AttributeType.STRING)
                .setS(ByteString.copyFromUtf8(text)).build());
        return new Attributes(node, more);
    }

    public boolean has(String name) {
        return all.containsKey(name);
    }

    public long integer(String name, long otherwise) {
        return find(name, AttributeProto.AttributeType.INT).map(AttributeProto::getI).orElse(otherwise);
    }

    public int index(String name, int otherwise) {
        return Math.toIntExact(integer(name, otherwise));
    }

    /** An attribute that says yes with 1. */
    public boolean flag(String name, boolean otherwise) {
        return integer(name, otherwise ? 1 : 0) != 0;
    }

    public double real(String name, double otherwise) {
        return find(name, AttributeProto.AttributeType.FLOAT).map(a -> (double) a.getF()).orElse(otherwise);
    }

    public String text(String name, String otherwise) {
        return find(name, AttributeProto.AttributeType.STRING).map(a -> a.getS().toStringUtf8()).orElse(otherwise);
    }

    public Optional<long[]> integers(String name) {
        return find(name, AttributeProto.AttributeType.INTS)
                .map(a -> a.getIntsList().stream().mapToLong(Long::longValue).toArray());
    }

    public Optional<double[]> reals(String name) {
        return find(name, AttributeProto.AttributeType.FLOATS)
                .map(a -> a.getFloatsList().stream().mapToDouble(Float::doubleValue).toArray());
    }

    public Optional<List<String>> texts(String name) {
        return find(name, AttributeProto.AttributeType.STRINGS)
                .map(a -> a.getStringsList().stream().map(s -> s.toStringUtf8()).toList());
    }

    public Optional<HostArray> tensor(String name) {
        return find(name, AttributeProto.AttributeType.TENSOR).map(a -> new TensorReader(Optional.empty())
                .read(a.getT(), "attribute " + name + " of " + node));
    }

    /** Whether a graph hangs on the node: control flow. */
    public boolean hasGraphs() {
        return all.values().stream().anyMatch(a -> a.hasG() || a.getGraphsCount() > 0);
    }

    private Optional<AttributeProto> find(String name, AttributeProto.AttributeType type) {
        AttributeProto attribute = all.get(name);
        if (attribute != null && attribute.getType() != AttributeProto.AttributeType.UNDEFINED
                && attribute.getType() != type) {
            throw new OnnxException("attribute " + name + " of " + node + ": given " + attribute.getType()
                    + "; expected " + type);
        }
        return Optional.ofNullable(attribute);
    }
}
