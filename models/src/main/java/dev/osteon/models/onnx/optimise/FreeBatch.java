package dev.osteon.models.onnx.optimise;

import dev.osteon.models.onnx.graph.Attributes;
import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.graph.ValueInfo;
import dev.osteon.models.onnx.proto.Onnx.AttributeProto;
import dev.osteon.models.onnx.proto.Onnx.TensorProto;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;

/**
 * Lets a graph take several samples at once that says it does, but was traced with one: exporters write into the shapes
 * of some reshapes the 1 that was the batch. With one sample the results are as they were. With more, such a file would
 * be refused, or mix samples, so this is for models whose samples are known not to depend on each other.
 */
public final class FreeBatch {

    private static final String SIZE = Optimiser.DOMAIN + ".batch";
    /** Where reshapes take their shape as an operand, and concatenations take integers. */
    private static final int OLDEST = 5;

    private final Graph graph;
    private final Edges edges;
    private final String input;

    private FreeBatch(Graph graph, String input) {
        this.graph = graph;
        this.edges = new Edges(graph);
        this.input = input;
    }

    /**
     * The graph whose reshapes of samples begin with the first size of its input, where they began with a constant 1.
     * A graph with several inputs, or whose input's first size is not free, stays as it is.
     */
    public static Graph freed(Graph graph) {
        if (graph.inputs().size() != 1) {
            return graph;
        }
        ValueInfo input = graph.inputs().getFirst();
        boolean free = input.dims().filter(dims -> !dims.isEmpty() && dims.getFirst().size().isEmpty()).isPresent();
        return free ? new FreeBatch(graph, input.name()).freed() : graph;
    }

    private Graph freed() {
        List<Node> nodes = new ArrayList<>();
        Set<String> samples = new HashSet<>(Set.of(input));        // edges that depend on more than the input's shape
        int found = 0;
        for (Node node : graph.nodes()) {
            boolean sizes = Edges.is(node, "Shape") || Edges.is(node, "Size");
            if (!sizes && node.inputs().stream().anyMatch(samples::contains)) {
                samples.addAll(node.outputs());
            }
            if (isTraced(node, samples)) {
                if (found++ == 0) {
                    nodes.addAll(size(node.opset()));
                }
                nodes.addAll(freed(node));
            } else {
                nodes.add(node);
            }
        }
        return found == 0 ? graph : graph.withNodes(nodes);
    }

    private boolean isTraced(Node node, Set<String> samples) {
        return Edges.is(node, "Reshape") && node.opset() >= OLDEST && node.inputs().size() == 2
                && samples.contains(node.inputs().getFirst())
                && edges.constant(node.inputs().get(1)).filter(shape -> shape.type() == ElementType.INT64
                        && shape.size() > 1 && shape.integers()[0] == 1).isPresent();
    }

    /** The input's first size, [1]. */
    private List<Node> size(int opset) {
        return List.of(node("Shape", List.of(input), SIZE + ".shape", opset, Map.of()),
                constant(SIZE + ".axis", opset, 0),
                node("Gather", List.of(SIZE + ".shape", SIZE + ".axis"), SIZE, opset, Map.of()));
    }

    private List<Node> freed(Node reshape) {
        HostArray shape = edges.constant(reshape.inputs().get(1)).orElseThrow();
        String rest = SIZE + "." + reshape.outputs().getFirst();
        int opset = reshape.opset();
        return List.of(constant(rest, opset, LongStream.of(shape.integers()).skip(1).toArray()),
                node("Concat", List.of(SIZE, rest), rest + ".shape", opset, Map.of("axis", AttributeProto.newBuilder()
                        .setName("axis").setType(AttributeProto.AttributeType.INT).setI(0).build())),
                new Node(reshape.name(), reshape.domain(), reshape.type(), List.of(reshape.inputs().getFirst(),
                        rest + ".shape"), reshape.outputs(), reshape.attributes(), opset));
    }

    private static Node constant(String output, int opset, long... values) {
        TensorProto.Builder tensor = TensorProto.newBuilder().setDataType(TensorProto.DataType.INT64_VALUE)
                .addDims(values.length);
        LongStream.of(values).forEach(tensor::addInt64Data);
        return node("Constant", List.of(), output, opset, Map.of("value", AttributeProto.newBuilder().setName("value")
                .setType(AttributeProto.AttributeType.TENSOR).setT(tensor).build()));
    }

    private static Node node(String type, List<String> inputs, String output, int opset,
            Map<String, AttributeProto> attributes) {
        return new Node(output, "", type, inputs, List.of(output), new Attributes(type + " at node " + output,
                attributes), opset);
    }
}
