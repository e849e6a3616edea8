package dev.osteon.models.onnx.graph;

import dev.osteon.models.onnx.value.ElementType;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A graph's input or output as declared.
 *
 * @param dims sizes by number, or by name where they are free; empty where not even the rank is declared
 */
public record ValueInfo(String name, Optional<ElementType> type, Optional<List<Dim>> dims) {

    /** A dimension: a number, or a name ({@code ?} where it has none) for a free one. */
    public record Dim(String text, Optional<Integer> size) {
        @Override
        public String toString() {
            return text;
        }
    }

    @Override
    public String toString() {
        return name + " " + type.map(ElementType::toString).orElse("?")
                + dims.map(d -> d.stream().map(Dim::toString).collect(Collectors.joining(", ", "[", "]"))).orElse("");
    }
}
