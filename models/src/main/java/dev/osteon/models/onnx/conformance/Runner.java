package dev.osteon.models.onnx.conformance;

import com.google.protobuf.InvalidProtocolBufferException;
import dev.osteon.engine.EngineException;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.models.onnx.OnnxModel;
import dev.osteon.models.onnx.conformance.Outcome.Verdict;
import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.GraphReader;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.graph.TensorReader;
import dev.osteon.models.onnx.graph.ValueInfo;
import dev.osteon.models.onnx.optimise.Optimiser;
import dev.osteon.models.onnx.proto.Onnx.TensorProto;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.NotSupportedException;
import dev.osteon.models.onnx.value.OnnxException;
import dev.osteon.models.onnx.value.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/**
 * Runs test cases and compares as ONNX's own runner does: |actual − expected| ≤ 1e-7 + 1e-3·|expected|, after
 * rounding to the expected element type; integers, truth values and texts exactly.
 */
public final class Runner {

    private static final double ABSOLUTE = 1e-7;
    private static final double RELATIVE = 1e-3;
    /** Of bfloat16: older suites cut digits off where the standard rounds. */
    private static final double LAST_PLACE = 0x1p-7;

    private final Device device;

    public Runner(Device device) {
        this.device = device;
    }

    /** Never throws for what a model does wrong. */
    public Outcome run(TestCase test) {
        String ops = "?";
        try {
            Graph read = GraphReader.read(test.model(), test.name(), test.folder());
            boolean inputsGiven = test.dataSets().stream().anyMatch(set -> !set.inputs().isEmpty());
            Graph graph = inputsGiven ? read.withFreeInputs() : read;   // some old cases declare other shapes
            ops = tested(graph);
            Optional<String> obstacle = obstacle(graph);
            if (obstacle.isPresent()) {
                return new Outcome(test.name(), ops, Verdict.SKIPPED, obstacle.get());
            }
            Optional<String> difference = Optional.empty();
            try (OnnxModel model = OnnxModel.of(Optimiser.optimised(graph), deviceFor(graph))) {
                for (TestCase.DataSet set : test.dataSets()) {
                    difference = difference.or(() -> compare(model, graph, set));
                }
            }
            if (test.dataSets().isEmpty()) {
                return new Outcome(test.name(), ops, Verdict.SKIPPED, "no expected outputs come with it");
            }
            return new Outcome(test.name(), ops, difference.isEmpty() ? Verdict.PASSED : Verdict.FAILED,
                    difference.orElse(""));
        } catch (NotSupportedException e) {
            return new Outcome(test.name(), ops, Verdict.SKIPPED, e.getMessage());
        } catch (EngineException e) {
            return new Outcome(test.name(), ops, Verdict.FAILED, e.getMessage());
        } catch (OutOfMemoryError e) {
            return new Outcome(test.name(), ops, Verdict.FAILED, "needs more memory than the Java heap has");
        } catch (RuntimeException e) {      // what no valid model brings about ends this test, and not the suite
            return new Outcome(test.name(), ops, Verdict.FAILED, e.toString());
        }
    }

    /** Models of doubles need the reference backend, which is the one that has them. */
    private Device deviceFor(Graph graph) {
        return graph.inputs().stream().anyMatch(i -> i.type().equals(Optional.of(ElementType.DOUBLE)))
                ? Device.REFERENCE : device;
    }

    private static String tested(Graph graph) {
        List<String> types = graph.nodes().stream().map(Node::qualified).distinct().toList();
        List<String> others = types.stream().filter(type -> !type.equals("Constant")).toList();
        return types.size() == 1 ? types.getFirst() : others.size() == 1 ? others.getFirst() : "(several)";
    }

    /** What of the model this engine does not do, if anything. */
    private static Optional<String> obstacle(Graph graph) {
        Optional<ValueInfo> other = java.util.stream.Stream.concat(graph.inputs().stream(), graph.outputs().stream())
                .filter(v -> v.type().isEmpty()).findFirst();
        return OnnxModel.unsupported(graph).stream().findFirst().map(n -> n.attributes().hasGraphs()
                        ? n.qualified() + " is control flow" : n.qualified() + " is not supported")
                .or(() -> other.map(v -> v.name() + " is a sequence, an optional value or of complex numbers"));
    }

    private Optional<String> compare(OnnxModel model, Graph graph, TestCase.DataSet set) {
        if (set.outputs().size() > graph.outputs().size()) {
            return Optional.of("given " + graph.outputs().size() + " outputs; expected " + set.outputs().size());
        }
        List<HostArray> expected = new ArrayList<>();
        for (int i = 0; i < set.outputs().size(); i++) {
            expected.add(decode(set.outputs().get(i), graph.outputs().get(i).type()));
        }
        try (TensorScope scope = TensorScope.open()) {
            SequencedMap<String, Value> actual = model.run(inputs(model, graph, set));
            List<Value> values = new ArrayList<>(actual.values());
            for (int i = 0; i < expected.size(); i++) {
                Optional<String> difference = difference(graph.outputs().get(i).name(), expected.get(i),
                        values.get(i).toHost());
                if (difference.isPresent()) {
                    return difference;
                }
            }
            return Optional.empty();
        }
    }

    private Map<String, Value> inputs(OnnxModel model, Graph graph, TestCase.DataSet set) {
        Map<String, Value> inputs = new LinkedHashMap<>();
        List<ValueInfo> declared = graph.inputs();
        for (int i = 0; i < declared.size(); i++) {
            HostArray array = i < set.inputs().size()
                    ? decode(set.inputs().get(i), declared.get(i).type()) : madeUp(declared.get(i));
            inputs.put(declared.get(i).name(), onDevice(model, array));
        }
        return inputs;
    }

    /** As a caller would give it: real numbers as a tensor. */
    private static Value onDevice(OnnxModel model, HostArray array) {
        return array.type().isComputed() ? Value.of(array.upload(model.device(), model.floating())) : Value.of(array);
    }

    /** What ONNX's light models are tested with: i / number of elements, in row-major order. */
    private static HostArray madeUp(ValueInfo input) {
        List<ValueInfo.Dim> declared = input.dims().orElseThrow(() -> new OnnxException("input " + input
                + " has no rank and no data of its own; expected one of both"));
        int[] dims = declared.stream().mapToInt(d -> d.size().orElse(1)).toArray();
        Shape shape = Shape.of(dims);
        double[] values = new double[HostArray.count(shape)];
        Arrays.setAll(values, i -> (double) i / values.length);
        return HostArray.of(ElementType.FLOAT, shape, values);
    }

    /** Older suites store bfloat16 as uint16 of the same bits. */
    private static HostArray decode(byte[] bytes, Optional<ElementType> declared) {
        try {
            TensorProto tensor = TensorProto.parseFrom(bytes);
            boolean disguised = declared.equals(Optional.of(ElementType.BFLOAT16))
                    && ElementType.of(tensor.getDataType()).equals(Optional.of(ElementType.UINT16));
            TensorProto plain = disguised ? tensor.toBuilder()
                    .setDataType(TensorProto.DataType.BFLOAT16.getNumber()).build() : tensor;
            return new TensorReader(Optional.empty()).read(plain, "test data");
        } catch (InvalidProtocolBufferException e) {
            throw new OnnxException("test data is no tensor: " + e.getMessage(), e);
        }
    }

    private static Optional<String> difference(String name, HostArray expected, HostArray actual) {
        boolean sameKind = expected.type() == actual.type()
                || expected.type().isReal() && actual.type().isReal();
        if (!sameKind || !expected.shape().equals(actual.shape())) {
            return Optional.of(name + ": given " + actual + "; expected " + expected);
        }
        if (expected.type() == ElementType.STRING) {
            return Arrays.equals(expected.texts(), actual.texts()) ? Optional.empty()
                    : Optional.of(name + ": given " + Arrays.toString(actual.texts()) + "; expected "
                            + Arrays.toString(expected.texts()));
        }
        double[] wanted = expected.reals();
        double[] given = actual.reals();
        double tolerance = !expected.type().isReal() ? 0
                : expected.type() == ElementType.BFLOAT16 ? LAST_PLACE : RELATIVE;
        for (int i = 0; i < wanted.length; i++) {
            double value = expected.type().isReal() ? expected.type().round(given[i]) : given[i];
            boolean equal = value == wanted[i] || Double.isNaN(value) && Double.isNaN(wanted[i])
                    || Math.abs(value - wanted[i]) <= (tolerance > 0 ? ABSOLUTE : 0) + tolerance * Math.abs(wanted[i]);
            if (!equal || Double.isInfinite(wanted[i]) && value != wanted[i]) {
                return Optional.of(String.format(Locale.ROOT, "%s: element %d of %s: given %s; expected %s", name, i,
                        expected.shape(), value, wanted[i]));
            }
        }
        return Optional.empty();
    }
}
