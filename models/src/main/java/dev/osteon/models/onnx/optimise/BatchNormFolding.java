package dev.osteon.models.onnx.optimise;

import com.google.protobuf.ByteString;
import dev.osteon.engine.EngineException;
import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.proto.Onnx.TensorProto;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A batch-norm with fixed statistics behind a convolution is a part of it: with s = gamma/√(variance + eps), weights
 * W·s and bias (b − mean)·s + beta. The convolution's weights keep their name.
 */
final class BatchNormFolding {

    private BatchNormFolding() {}

    static Graph folded(Graph graph) {
        Edges edges = new Edges(graph);
        Map<String, TensorProto> changed = new LinkedHashMap<>();
        Map<Node, Optional<Node>> changes = new IdentityHashMap<>();
        for (Node norm : graph.nodes()) {
            if (Edges.is(norm, "BatchNormalization") && norm.inputs().size() == 5
                    && norm.attributes().flag("spatial", true)
                    && norm.outputs().stream().skip(1).allMatch(String::isEmpty)
                    && !norm.attributes().flag("training_mode", false)) {
                Optional<Node> convolution = edges.only(norm.inputs().getFirst(), "Conv")
                        .filter(c -> edges.readers(c.inputs().get(1)) == 1 && edges.readers(norm.inputs().get(2)) == 1);
                convolution.flatMap(c -> fold(graph, c, norm, changed)).ifPresent(c -> {
                    changes.put(convolution.get(), Optional.empty());
                    changes.put(norm, Optional.of(c));
                });
            }
        }
        if (changes.isEmpty()) {
            return graph;
        }
        List<Node> nodes = new ArrayList<>();
        for (Node node : graph.nodes()) {
            if (changes.containsKey(node)) {
                changes.get(node).ifPresent(nodes::add);
            } else {
                nodes.add(node);
            }
        }
        return withInitializers(graph.withNodes(nodes), changed);
    }

    /** With the changed initialisers, and without those that nobody reads any more. */
    private static Graph withInitializers(Graph graph, Map<String, TensorProto> changed) {
        Set<String> read = new HashSet<>();
        graph.nodes().forEach(node -> read.addAll(node.inputs()));
        graph.outputs().forEach(output -> read.add(output.name()));
        LinkedHashMap<String, TensorProto> initializers = new LinkedHashMap<>(graph.initializers());
        initializers.putAll(changed);
        initializers.keySet().retainAll(read);
        return new Graph(graph.source(), graph.inputs(), graph.outputs(), graph.nodes(), initializers, graph.opsets(),
                graph.tensors());
    }

    private static Optional<Node> fold(Graph graph, Node convolution, Node norm, Map<String, TensorProto> changed) {
        try {
            List<String> names = convolution.inputs();
            Optional<HostArray> weight = floats(graph, names.get(1));
            Optional<HostArray> bias = names.size() > 2 && !names.get(2).isEmpty() ? floats(graph, names.get(2))
                    : Optional.of(HostArray.of(ElementType.FLOAT, dev.osteon.engine.tensor.Shape.of(0), new double[0]));
            List<HostArray> statistics = norm.inputs().subList(1, 5).stream().flatMap(n -> floats(graph, n).stream())
                    .toList();
            if (weight.isEmpty() || bias.isEmpty() || statistics.size() < 4) {
                return Optional.empty();
            }
            int channels = weight.get().shape().dim(0);
            boolean perChannel = statistics.stream().allMatch(a -> a.size() == channels)
                    && (bias.get().size() == 0 || bias.get().size() == channels);
            if (!perChannel) {
                return Optional.empty();
            }
            double[] w = weight.get().reals().clone();
            double[] b = new double[channels];
            double eps = norm.attributes().real("epsilon", 1e-5);
            for (int c = 0; c < channels; c++) {
                double scale = statistics.get(0).reals()[c] / Math.sqrt(statistics.get(3).reals()[c] + eps);
                double own = bias.get().size() == 0 ? 0 : bias.get().reals()[c];
                b[c] = (own - statistics.get(2).reals()[c]) * scale + statistics.get(1).reals()[c];
                int each = w.length / channels;
                for (int i = c * each; i < (c + 1) * each; i++) {
                    w[i] *= scale;
                }
            }
            String biasName = norm.inputs().get(2);
            changed.put(names.get(1), tensor(names.get(1), weight.get().shape().toArray(), w));
            changed.put(biasName, tensor(biasName, new int[] {channels}, b));
            return Optional.of(new Node(convolution.name(), "", "Conv", List.of(names.get(0), names.get(1), biasName),
                    norm.outputs().subList(0, 1), convolution.attributes(), convolution.opset()));
        } catch (EngineException | IndexOutOfBoundsException e) {
            return Optional.empty();        // damaged: told when the nodes are run as they are
        }
    }

    private static Optional<HostArray> floats(Graph graph, String name) {
        return Optional.ofNullable(graph.initializers().get(name)).map(t -> graph.tensors().read(t, name))
                .filter(a -> a.type() == ElementType.FLOAT);
    }

    private static TensorProto tensor(String name, int[] dims, double[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (double value : values) {
            bytes.putFloat((float) value);
        }
        TensorProto.Builder tensor = TensorProto.newBuilder().setName(name)
                .setDataType(TensorProto.DataType.FLOAT.getNumber()).setRawData(ByteString.copyFrom(bytes.flip()));
        for (int dim : dims) {
            tensor.addDims(dim);
        }
        return tensor.build();
    }
}
