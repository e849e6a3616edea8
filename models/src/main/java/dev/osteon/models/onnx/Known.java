package dev.osteon.models.onnx;

import dev.osteon.models.onnx.op.Entry;
import dev.osteon.models.onnx.op.Entry.Trait;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the shapes of the inputs alone tell of an edge; ordered from most to least. */
enum Known {
    /** Its elements: it can be computed once and kept. */
    VALUE,
    /** Its shape. */
    SHAPE,
    /** Nothing: its shape depends on the elements of an input. */
    NOTHING;

    /**
     * The edges whose elements come to be known in a program.
     *
     * @param known what is known of every edge that no step makes; what the steps make is added. One that is missing
     *              is one of which nothing is known
     */
    static Set<String> decided(List<Program.Step> steps, Map<String, Known> known) {
        Set<String> decided = new HashSet<>();
        for (Program.Step step : steps) {
            Known result = of(step.entry(), step.node().inputs().stream()
                    .map(name -> name.isEmpty() ? VALUE : known.getOrDefault(name, NOTHING)).toList());
            step.node().outputs().stream().filter(name -> !name.isEmpty()).forEach(name -> {
                known.put(name, result);
                if (result == VALUE) {
                    decided.add(name);
                }
            });
        }
        return decided;
    }

    /**
     * What is known of a node's outputs.
     *
     * @param inputs what is known of each operand
     */
    static Known of(Entry entry, List<Known> inputs) {
        if (entry.traits().contains(Trait.RANDOM)) {
            return inputs.contains(NOTHING) ? NOTHING : SHAPE;
        }
        if (inputs.stream().allMatch(k -> k == VALUE)) {
            return VALUE;
        }
        if (inputs.contains(NOTHING) || entry.traits().contains(Trait.VALUES_SHAPE)) {
            return NOTHING;
        }
        if (entry.traits().contains(Trait.SHAPES_ONLY)) {
            return VALUE;
        }
        boolean shaped = entry.structural().stream().filter(i -> i < inputs.size())
                .allMatch(i -> inputs.get(i) == VALUE);
        return shaped ? SHAPE : NOTHING;
    }
}
