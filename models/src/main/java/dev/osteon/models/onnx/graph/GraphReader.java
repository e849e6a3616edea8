package dev.osteon.models.onnx.graph;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.osteon.models.onnx.proto.Onnx.AttributeProto;
import dev.osteon.models.onnx.proto.Onnx.GraphProto;
import dev.osteon.models.onnx.proto.Onnx.ModelProto;
import dev.osteon.models.onnx.proto.Onnx.NodeProto;
import dev.osteon.models.onnx.proto.Onnx.TensorProto;
import dev.osteon.models.onnx.proto.Onnx.TensorShapeProto;
import dev.osteon.models.onnx.proto.Onnx.ValueInfoProto;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.OnnxException;
import dev.osteon.models.onnx.value.Value;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** From a file's bytes to a checked graph. */
public final class GraphReader {

    private static final int NESTING = 64;
    private static final long LARGEST_FILE = Integer.MAX_VALUE - 8L;

    private final String source;

    private GraphReader(String source) {
        this.source = source;
    }

    /**
     * Reads a model file.
     *
     * @throws OnnxException when it is no ONNX model, or is damaged; one line
     * @throws IOException   when it cannot be read
     */
    public static Graph read(Path file) throws IOException {
        if (Files.exists(file) && !Files.isRegularFile(file)) {     // a device has no end
            throw new OnnxException(file + ": not a file; expected an ONNX model");
        }
        if (Files.size(file) > LARGEST_FILE) {
            throw new OnnxException(file + ": given " + Files.size(file)
                    + " bytes; expected less than 2 GiB, with larger weights as external data");
        }
        return read(Files.readAllBytes(file), file.toString(),
                Optional.of(Optional.ofNullable(file.toAbsolutePath().getParent()).orElse(Path.of("/"))));
    }

    /** The same for bytes; {@code folder} is where external data may lie. */
    public static Graph read(byte[] bytes, String source, Optional<Path> folder) {
        try {
            CodedInputStream in = CodedInputStream.newInstance(bytes);
            in.setRecursionLimit(NESTING);
            ModelProto model = ModelProto.parseFrom(in);
            return new GraphReader(source).graph(model, new TensorReader(folder));
        } catch (InvalidProtocolBufferException e) {
            throw new OnnxException(noModel(source, String.valueOf(e.getMessage()).split("\\.?\\s*(\\R|$)", 2)[0]), e);
        } catch (IOException e) {
            throw new OnnxException(source + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static String noModel(String source, String why) {
        return source + " is not an ONNX model, or is damaged: " + why + "; expected a file such as torch.onnx.export "
                + "writes; check the path, export the model to ONNX, or fetch the file again";
    }

    private Graph graph(ModelProto model, TensorReader tensors) {
        if (!model.hasGraph()) {
            throw new OnnxException(noModel(source, "it has no graph"));
        }
        GraphProto graph = model.getGraph();
        Map<String, Integer> opsets = new HashMap<>();
        model.getOpsetImportList().forEach(o -> opsets.put(domain(o.getDomain()),
                Math.clamp(o.getVersion(), 1, Integer.MAX_VALUE)));
        opsets.putIfAbsent("", 1);
        SequencedMap<String, TensorProto> initializers = new LinkedHashMap<>();
        graph.getInitializerList().forEach(t -> initializers.put(t.getName(), t));
        if (graph.getSparseInitializerCount() > 0) {
            throw new OnnxException(source + ": given sparse initialisers; expected dense ones");
        }
        Set<String> functions = model.getFunctionsList().stream().map(f -> domain(f.getDomain()) + ":" + f.getName())
                .collect(Collectors.toSet());
        List<Node> nodes = new ArrayList<>();
        for (NodeProto node : graph.getNodeList()) {
            if (functions.contains(domain(node.getDomain()) + ":" + node.getOpType())) {
                throw new OnnxException(source + ": given " + node.getOpType()
                        + ", a function that the model brings with it; expected it inlined (onnx.inliner does that)");
            }
            nodes.add(node(node, nodes.size(), opsets));
        }
        List<ValueInfo> inputs = graph.getInputList().stream().filter(i -> !initializers.containsKey(i.getName()))
                .map(GraphReader::info).toList();
        List<ValueInfo> outputs = graph.getOutputList().stream().map(GraphReader::info).toList();
        return new Graph(source, inputs, outputs, ordered(nodes, inputs, outputs, initializers.keySet()), initializers,
                Map.copyOf(opsets), tensors);
    }

    private static String domain(String given) {
        return given.equals("ai.onnx") ? "" : given;
    }

    private Node node(NodeProto node, int number, Map<String, Integer> opsets) {
        String domain = domain(node.getDomain());
        String name = !node.getName().isEmpty() ? node.getName()
                : node.getOutputCount() > 0 ? node.getOutput(0) : "number " + number;
        Map<String, AttributeProto> attributes = node.getAttributeList().stream().collect(Collectors.toMap(
                AttributeProto::getName, Function.identity(), (a, b) -> b));
        return new Node(name, domain, node.getOpType(), node.getInputList(), node.getOutputList(),
                new Attributes(node.getOpType() + " at node " + name, attributes), opsets.getOrDefault(domain, 1));
    }

    private static ValueInfo info(ValueInfoProto value) {
        if (!value.getType().hasTensorType()) {
            return new ValueInfo(value.getName(), Optional.empty(), Optional.empty());
        }
        var tensor = value.getType().getTensorType();
        if (tensor.getShape().getDimCount() > Value.MOST_DIMENSIONS) {
            throw new OnnxException("edge " + value.getName() + ": given " + tensor.getShape().getDimCount()
                    + " dimensions; expected at most " + Value.MOST_DIMENSIONS);
        }
        Optional<List<ValueInfo.Dim>> dims = tensor.hasShape()
                ? Optional.of(tensor.getShape().getDimList().stream().map(GraphReader::dim).toList())
                : Optional.empty();
        return new ValueInfo(value.getName(), ElementType.of(tensor.getElemType()), dims);
    }

    private static ValueInfo.Dim dim(TensorShapeProto.Dimension dim) {
        if (dim.hasDimValue() && dim.getDimValue() >= 0 && dim.getDimValue() <= Integer.MAX_VALUE) {
            return new ValueInfo.Dim(String.valueOf(dim.getDimValue()), Optional.of((int) dim.getDimValue()));
        }
        return new ValueInfo.Dim(dim.getDimParam().isEmpty() ? "?" : dim.getDimParam(), Optional.empty());
    }

    /** Kahn's algorithm; of the nodes that are ready the one that the file has first. */
    private List<Node> ordered(List<Node> nodes, List<ValueInfo> inputs, List<ValueInfo> outputs,
            Set<String> initializers) {
        Set<String> known = new HashSet<>(initializers);
        inputs.forEach(i -> known.add(i.name()));
        Map<String, Node> source = new HashMap<>();
        for (Node node : nodes) {
            for (String output : node.outputs()) {
                if (!output.isEmpty() && (known.contains(output) || source.put(output, node) != null)) {
                    throw new OnnxException(this.source + ": given two sources of edge " + output + ", one of them "
                            + node.describe() + "; expected one");
                }
            }
        }
        Map<Node, Integer> waiting = new IdentityHashMap<>();
        Map<String, List<Node>> readers = new HashMap<>();
        Map<Node, Integer> position = new IdentityHashMap<>();
        Queue<Node> ready = new PriorityQueue<>(Comparator.comparing(position::get));
        for (Node node : nodes) {
            position.put(node, position.size());
            Set<String> missing = new HashSet<>(node.inputs());
            missing.removeIf(name -> name.isEmpty() || known.contains(name));
            for (String name : missing) {
                if (!source.containsKey(name)) {
                    throw new OnnxException(this.source + ": " + node.describe() + " reads edge " + name
                            + ", which nothing writes");
                }
                readers.computeIfAbsent(name, n -> new ArrayList<>()).add(node);
            }
            waiting.put(node, missing.size());
            if (missing.isEmpty()) {
                ready.add(node);
            }
        }
        List<Node> order = sorted(ready, waiting, readers);
        if (order.size() < nodes.size()) {
            Node stuck = nodes.stream().filter(n -> waiting.get(n) > 0).findFirst().orElseThrow();
            throw new OnnxException(this.source + ": " + stuck.describe()
                    + " waits for its own result; expected a graph without cycles");
        }
        outputs.stream().map(ValueInfo::name).filter(o -> !known.contains(o) && !source.containsKey(o)).findFirst()
                .ifPresent(o -> {
                    throw new OnnxException(this.source + ": output " + o + " is written by nothing");
                });
        return order;
    }

    private static List<Node> sorted(Queue<Node> ready, Map<Node, Integer> waiting, Map<String, List<Node>> readers) {
        List<Node> order = new ArrayList<>();
        while (!ready.isEmpty()) {
            Node node = ready.poll();
            order.add(node);
            for (String output : new HashSet<>(node.outputs())) {
                for (Node reader : readers.getOrDefault(output, List.of())) {
                    if (waiting.merge(reader, -1, Integer::sum) == 0) {
                        ready.add(reader);
                    }
                }
            }
        }
        return order;
    }
}
