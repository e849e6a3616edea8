package dev.osteon.models.onnx.op;

import dev.osteon.models.onnx.graph.Node;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** From an operation's domain, name and opset to its builder; the families' files list what there is. */
public final class OpTable {

    private static final OpTable STANDARD = new OpTable(List.of(CreationOps.entries(), ElementwiseOps.entries(),
            ActivationOps.entries(), LogicOps.entries(), CastOps.entries(), ShapeOps.entries(), PaddingOps.entries(),
            IndexOps.entries(), ScatterOps.entries(), SortingOps.entries(), ReductionOps.entries(),
            MatrixOps.entries(), ConvolutionOps.entries(), PoolingOps.entries(), ResizeOps.entries(),
            NormalizationOps.entries(), RotaryOps.entries(), LossOps.entries(), QuantizationOps.entries()));

    private final Map<String, List<Entry>> entries = new HashMap<>();

    private OpTable(List<List<Entry>> families) {
        families.forEach(family -> family.forEach(entry -> entries
                .computeIfAbsent(entry.domain() + ":" + entry.type(), name -> new ArrayList<>()).add(entry)));
        entries.values().forEach(list -> list.sort(Comparator.comparing(Entry::since)));
    }

    public static OpTable standard() {
        return STANDARD;
    }

    static Entry one(String type, int since, Builder.Single builder) {
        return many(type, since, call -> List.of(builder.build(call)));
    }

    static Entry many(String type, int since, Builder builder) {
        return new Entry("", type, since, java.util.Set.of(), java.util.Set.of(), builder);
    }

    /** The entry for a node: of those that hold from its opset or an earlier one, the latest. */
    public Optional<Entry> find(Node node) {
        return entries.getOrDefault(node.domain() + ":" + node.type(), List.of()).stream()
                .filter(entry -> entry.since() <= node.opset()).reduce((a, b) -> b);
    }

    /** All entries, by name and opset. */
    public List<Entry> all() {
        return entries.values().stream().flatMap(List::stream)
                .sorted(Comparator.comparing(Entry::domain).thenComparing(Entry::type).thenComparing(Entry::since))
                .toList();
    }
}
