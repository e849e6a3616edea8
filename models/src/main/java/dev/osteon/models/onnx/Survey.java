package dev.osteon.models.onnx;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.graph.Graph;
import dev.osteon.models.onnx.graph.Node;
import dev.osteon.models.onnx.graph.ValueInfo;
import dev.osteon.models.onnx.value.ElementType;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.OnnxException;
import dev.osteon.models.onnx.value.Value;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What can be told of a model without its data. */
public final class Survey {

    private Survey() {}

    /** The work of one run, as the engine's operations count it. */
    public record Cost(double flops, double bytes, long operations) {
        Cost plus(dev.osteon.engine.op.Cost other) {
            return new Cost(flops + other.flops(), bytes + other.bytes(), operations + 1);
        }
    }

    /** How often each operation occurs, the most frequent first. */
    public static SequencedMap<String, Long> operations(Graph graph) {
        Map<String, Long> counts = graph.nodes().stream().map(Node::qualified)
                .collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
        SequencedMap<String, Long> sorted = new LinkedHashMap<>();
        counts.entrySet().stream().sorted(Map.Entry.<String, Long>comparingByValue(Comparator.reverseOrder())
                .thenComparing(Map.Entry.comparingByKey())).forEach(e -> sorted.put(e.getKey(), e.getValue()));
        return sorted;
    }

    /**
     * The cost of a run over zeros.
     *
     * @param sizes shapes of inputs; free sizes of the others are 1
     * @throws OnnxException when these sizes do not fit together, or the model cannot run over zeros
     */
    public static Cost cost(OnnxModel model, Map<String, int[]> sizes) {
        Cost[] total = {new Cost(0, 0, 0)};
        Map<String, Value> inputs = new HashMap<>();
        try (TensorScope scope = TensorScope.open()) {
            for (ValueInfo input : model.inputs()) {
                inputs.put(input.name(), zeros(model, input, sizes));
            }
            try (Dispatcher.Registration counting = Dispatcher.listen((op, in, out, nanos) -> total[0] = total[0].plus(
                    op.cost(in.stream().map(Tensor::spec).toList(), out.stream().map(Tensor::spec).toList())))) {
                model.run(inputs);
            }
        }
        return total[0];
    }

    private static Value zeros(OnnxModel model, ValueInfo input, Map<String, int[]> sizes) {
        int[] dims = sizes.containsKey(input.name()) ? sizes.get(input.name())
                : input.dims().orElse(List.of()).stream().mapToInt(d -> d.size().orElse(1)).toArray();
        ElementType type = input.type().orElseThrow(() -> new OnnxException("input " + input.name()
                + " is no tensor"));
        Shape shape = Shape.of(dims);
        int count = HostArray.count(shape);
        if (type == ElementType.STRING) {
            return Value.of(HostArray.of(shape, Collections.nCopies(count, "").toArray(String[]::new)));
        }
        HostArray zeros = HostArray.of(type, shape, new double[count]);
        return type.isComputed() ? Value.of(zeros.upload(model.device(), model.floating())) : Value.of(zeros);
    }
}
