package dev.osteon.models.onnx.op;

import dev.osteon.models.onnx.value.Value;
import java.util.List;
import java.util.Set;

/**
 * How a range of versions of an operation is done.
 *
 * @param since      the first opset for which this holds
 * @param structural operands whose values, not only their shapes, decide the outputs' shapes
 * @param traits     what else importing must know
 */
public record Entry(String domain, String type, int since, Set<Integer> structural, Set<Trait> traits,
        Builder builder) {

    /** Peculiarities. */
    public enum Trait {
        /** Outputs depend on the operands' shapes only. */
        SHAPES_ONLY,
        /** The outputs' shapes depend on all operands' values. */
        VALUES_SHAPE,
        /** Draws random numbers, so that it is never folded. */
        RANDOM
    }

    Entry structural(Integer... operands) {
        return new Entry(domain, type, since, Set.of(operands), traits, builder);
    }

    Entry with(Trait trait) {
        return new Entry(domain, type, since, structural, Set.of(trait), builder);
    }

    /** The outputs for one call. */
    public List<Value> run(Call call) {
        return builder.build(call);
    }
}
