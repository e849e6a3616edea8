package dev.osteon.models.onnx.optimise;

import dev.osteon.engine.EngineException;
import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.graph.TensorReader;
import dev.osteon.models.onnx.proto.Onnx.TensorProto;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Who writes and who reads the edges of a graph, and what constants are on them. */
final class Edges {

    private static final long SMALL = 8;
    /** Of operations that need more than one; a file may hold nodes with fewer, which fail where they are run. */
    private static final Map<String, Integer> OPERANDS = Map.ofEntries(Map.entry("Add", 2), Map.entry("Sub", 2),
            Map.entry("Mul", 2), Map.entry("Div", 2), Map.entry("Pow", 2), Map.entry("MatMul", 2),
            Map.entry("Gather", 2), Map.entry("Conv", 2), Map.entry("ConvTranspose", 2), Map.entry("Gemm", 2),
            Map.entry("BatchNormalization", 5), Map.entry("Constant", 0));

    private final Graph graph;
    private final Map<String, Node> sources = new HashMap<>();
    private final Map<String, Integer> readers = new HashMap<>();

    Edges(Graph graph) {
        this.graph = graph;
        for (Node node : graph.nodes()) {
            node.outputs().forEach(output -> sources.put(output, node));
            node.inputs().forEach(input -> readers.merge(input, 1, Integer::sum));
        }
        graph.outputs().forEach(output -> readers.merge(output.name(), 1, Integer::sum));
    }

    int readers(String edge) {
        return readers.getOrDefault(edge, 0);
    }

    /** How many nodes of a type read the edge. */
    int readers(String edge, String type) {
        return (int) graph.nodes().stream().filter(n -> is(n, type) && n.inputs().contains(edge)).count();
    }

    /** The node of this type that writes the edge, when it is one of ONNX's own. */
    Optional<Node> source(String edge, String type) {
        return Optional.ofNullable(sources.get(edge)).filter(n -> is(n, type));
    }

    /** The node of this type that writes the edge, when it is one of the optimiser's. */
    Optional<Node> own(String edge, String type) {
        return Optional.ofNullable(sources.get(edge)).filter(n -> n.domain().equals(Optimiser.DOMAIN)
                && n.type().equals(type));
    }

    /** The same as {@link #source} when nobody else reads the edge. */
    Optional<Node> only(String edge, String type) {
        return source(edge, type).filter(n -> readers(edge) == 1);
    }

    /** Whether it is this operation of ONNX's own, with the operands that it cannot do without. */
    static boolean is(Node node, String type) {
        return node.domain().isEmpty() && node.type().equals(type) && node.wants(0)
                && node.inputs().size() >= OPERANDS.getOrDefault(type, 1);
    }

    Optional<TensorProto> initializer(String edge) {
        return Optional.ofNullable(graph.initializers().get(edge));
    }

    /** A constant of a few elements. */
    Optional<HostArray> constant(String edge) {
        Optional<TensorProto> tensor = initializer(edge).or(() -> source(edge, "Constant")
                .map(n -> n.attributes().all().get("value")).map(a -> a.getT()));
        try {
            return tensor.filter(t -> TensorReader.shape(t, edge).size() <= SMALL)
                    .map(t -> graph.tensors().read(t, edge)).filter(a -> a.type() != ElementType.STRING);
        } catch (EngineException e) {
            return Optional.empty();              // told where it is used
        }
    }

    /** Whether the edge is a constant of one element near {@code value}. */
    boolean isNear(String edge, double value) {
        return constant(edge).filter(a -> a.size() == 1 && a.shape().rank() <= 1
                && Math.abs(a.reals()[0] - value) < 1e-4).isPresent();
    }

    /** Whether the edge surely has one element: a constant, or the root of one that is cast from a size. */
    boolean isScalar(String edge) {
        if (constant(edge).filter(a -> a.size() == 1).isPresent()) {
            return true;
        }
        Node source = sources.get(edge);
        boolean kept = source != null && source.domain().isEmpty() && !source.inputs().isEmpty()
                && Set.of("Sqrt", "Cast", "Reciprocal", "Div", "Pow", "Mul").contains(source.type());
        return kept ? source.inputs().stream().allMatch(this::isScalar)
                : source != null && is(source, "Gather") && source(source.inputs().get(0), "Shape").isPresent()
                        && constant(source.inputs().get(1)).filter(a -> a.size() == 1).isPresent();
    }

    /** A node's axes, as an attribute or as a constant operand. */
    Optional<long[]> axes(Node node) {
        return node.inputs().size() > 1 ? constant(node.inputs().get(1)).filter(a -> a.type().isInteger())
                .map(HostArray::integers) : node.attributes().integers("axes");
    }
}
