package dev.osteon.models.onnx;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.GraphReader;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.graph.ValueInfo;
import dev.osteon.models.onnx.optimise.Optimiser;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.OnnxException;
import dev.osteon.models.onnx.value.Value;
import dev.osteon.nn.Module;
import dev.osteon.nn.Parameter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * An ONNX model as a module: its weights are parameters under their names in the file, and its operations are the
 * engine's, so that it runs on every backend and can be trained. Shapes may be free: the program is specialised for
 * the shapes that it is first given, and that is kept for the next time. Not for several threads at once.
 */
public final class OnnxModel implements Module {

    private static final int KEPT_AT_MOST = 16;

    private final Graph graph;
    private final Device device;
    private final DType floating;
    private final Constants constants;
    /** The edges that every run begins with: the constants, and from the first run on what they decide. */
    private final Map<String, Value> given;
    /** Made with the first run. */
    private Optional<Reduced> reduced = Optional.empty();
    /** The one used longest ago first. */
    private final LinkedHashMap<List<String>, Specialisation> specialised = new LinkedHashMap<>(16, 0.75f, true);

    private final Weights weights;

    /** Whether a model's parameters may change. */
    public enum Weights {
        /** They can be trained, or loaded anew. */
        TRAINABLE,
        /** They stay as they are: what depends on them and on shapes alone is computed once. */
        FROZEN
    }

    private OnnxModel(Graph graph, Device device, DType floating, Weights weights) {
        this.graph = graph;
        this.weights = weights;
        this.device = device;
        this.floating = floating;
        this.constants = Constants.of(graph, Program.of(graph), device, floating);
        this.given = constants.edges();
    }

    /**
     * Reads a model and optimises its graph; it computes in float32, on the reference backend in float64.
     *
     * @throws OnnxException when it is damaged, or has an operation that is not supported: before anything is computed
     * @throws IOException   when the file cannot be read
     */
    public static OnnxModel load(Path file, Device device) throws IOException {
        return of(Optimiser.optimised(GraphReader.read(file)), device);
    }

    /** The same for a graph that is read already, as it is. */
    public static OnnxModel of(Graph graph, Device device) {
        return of(graph, device, Weights.TRAINABLE);
    }

    /** The same, with parameters that stay as they are if wanted. */
    public static OnnxModel of(Graph graph, Device device, Weights weights) {
        try {
            return new OnnxModel(graph, device, device.kind() == Device.Kind.REFERENCE ? DType.F64 : DType.F32,
                    weights);
        } catch (OutOfMemoryError e) {
            throw new OnnxException(graph.source() + ": its weights need more memory than the Java heap has", e);
        }
    }

    /** The nodes of a graph that cannot be done; none means that {@link #of} accepts it. */
    public static List<Node> unsupported(Graph graph) {
        return Program.unsupported(graph);
    }

    public List<ValueInfo> inputs() {
        return graph.inputs();
    }

    public List<ValueInfo> outputs() {
        return graph.outputs();
    }

    public Device device() {
        return device;
    }

    /** What real numbers are computed in. */
    public DType floating() {
        return floating;
    }

    /**
     * The only input to the first output.
     *
     * @throws OnnxException when the model has another number of inputs; use {@link #run}
     */
    @Override
    public Tensor forward(Tensor x) {
        if (graph.inputs().size() != 1) {
            throw new OnnxException(graph.source() + ": given one input; expected " + graph.inputs()
                    + "; call run with all of them");
        }
        Value first = run(Map.of(graph.inputs().getFirst().name(), Value.of(x))).firstEntry().getValue();
        if (first instanceof Value.OnDevice(Tensor y)) {
            return y;
        }
        return first.toHost().upload(device, floating);
    }

    /**
     * All outputs by name, in the innermost scope of the caller. Real numbers come on the device, others on the host;
     * inputs may lie in either place.
     *
     * @throws OnnxException naming the node where operands do not fit
     */
    public SequencedMap<String, Value> run(Map<String, Value> inputs) {
        require(inputs);
        List<String> key = signature(inputs);
        try (TensorScope scope = TensorScope.open()) {
            Reduced base = reduced();
            Map<String, Value> start = new HashMap<>(given);
            start.putAll(inputs);
            Specialisation known = specialised.get(key);
            Map<String, Value> edges = known == null ? trace(key, start, inputs.keySet())
                    : new Execution(known, device, floating, start).run((step, outputs) -> { });
            SequencedMap<String, Value> results = new LinkedHashMap<>();
            Set<String> fixed = new HashSet<>(specialised.get(key).fixed().keySet());
            fixed.addAll(base.values().keySet());
            for (ValueInfo output : graph.outputs()) {
                Value value = edges.get(output.name());
                if (value instanceof Value.OnDevice(Tensor tensor)) {   // what is kept for the next run stays ours
                    value = Value.of(scope.keep(fixed.contains(output.name()) ? tensor.alias(tensor.spec()) : tensor));
                }
                results.put(output.name(), value);
            }
            return results;
        }
    }

    private void require(Map<String, Value> inputs) {
        for (ValueInfo input : graph.inputs()) {
            Value value = inputs.get(input.name());
            if (value == null) {
                throw new OnnxException(graph.source() + ": given inputs " + new TreeSet<>(inputs.keySet())
                        + "; expected " + graph.inputs());
            }
            input.dims().ifPresent(dims -> {
                boolean fits = dims.size() == value.rank();
                for (int i = 0; fits && i < dims.size(); i++) {
                    int axis = i;
                    fits = dims.get(i).size().map(size -> size == value.shape().dim(axis)).orElse(true);
                }
                if (!fits) {
                    throw new OnnxException(graph.source() + ": given shape " + value.shape() + " for input "
                            + input.name() + "; expected " + input);
                }
            });
        }
        Set<String> unknown = new HashSet<>(inputs.keySet());
        graph.inputs().forEach(input -> unknown.remove(input.name()));
        if (!unknown.isEmpty()) {
            throw new OnnxException(graph.source() + ": given inputs " + unknown + " that the model lacks; expected "
                    + graph.inputs());
        }
    }

    private static List<String> signature(Map<String, Value> inputs) {
        List<String> parts = new ArrayList<>();
        new TreeMap<>(inputs).forEach((name, value) -> parts.add(name + " " + switch (value) {
            case Value.OnDevice on -> "device " + on.tensor().spec() + on.tensor().layout();
            case Value.OnHost host -> "host " + host.array();
        }));
        return parts;
    }

    /** The first run with these shapes: computes everything, and keeps what the shapes alone decide. */
    private Map<String, Value> trace(List<String> key, Map<String, Value> start, Set<String> inputs) {
        Map<String, Known> known = new HashMap<>(reduced().known());
        inputs.forEach(name -> known.put(name, Known.SHAPE));
        Set<String> decided = Known.decided(reduced().steps(), known);
        Set<String> living = new HashSet<>(decided);
        living.addAll(outputNames());
        List<HostArray> arrays = new ArrayList<>(constants.arrays().values());
        reduced().values().values().forEach(value -> {
            if (value instanceof Value.OnHost(HostArray array)) {
                arrays.add(array);
            }
        });
        Map<String, Value> edges;
        try (Specialisation all = Specialisation.of(reduced().steps(), Map.of(), arrays, living)) {
            edges = new Execution(all, device, floating, start).run((step, outputs) -> { });
        }
        List<Program.Step> rest = Program.without(decided, reduced().steps(), outputNames());
        remember(key, Specialisation.of(rest, Reduced.kept(decided, rest, outputNames(), edges), arrays,
                outputNames()));
        return edges;
    }

    private List<String> outputNames() {
        return graph.outputs().stream().map(ValueInfo::name).toList();
    }

    private Reduced reduced() {
        if (reduced.isEmpty()) {
            reduced = Optional.of(Reduced.of(constants, weights, outputNames(), device, floating));
            given.putAll(reduced.get().values());
        }
        return reduced.get();
    }

    private void remember(List<String> key, Specialisation program) {
        if (specialised.size() == KEPT_AT_MOST) {
            specialised.pollFirstEntry().getValue().close();
        }
        specialised.put(key, program);
    }

    @Override
    public SequencedMap<String, Parameter> ownParameters() {
        return constants.parameters();
    }

    @Override
    public String architecture() {
        return "onnx(" + graph.source() + ")";
    }

    @Override
    public void close() {
        constants.parameters().values().forEach(Parameter::close);
        specialised.values().forEach(Specialisation::close);
        specialised.clear();
        reduced.ifPresent(Reduced::close);
        reduced = Optional.empty();
    }
}
