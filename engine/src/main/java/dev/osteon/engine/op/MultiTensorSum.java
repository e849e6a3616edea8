package dev.osteon.engine.op;

import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Many sums in one operation, each of a few tensors of one shape, in an element type and a layout of its own: the
 * gradients that the uses of each parameter gave, for instance. A sum of one term is a copy, such as that of a weight
 * in 16 bits. Terms are added in their order in float32 (float64 in the reference), and the result is rounded once.
 * Operands: the terms of the first sum, then those of the second, and so on.
 *
 * <p>It is what backward passes end with and what {@code dispatch.WeightCopies} begin with, and has no gradient itself.
 */
public record MultiTensorSum(List<Sum> sums) implements Op {

    /** Terms that a sum may have. */
    public static final int MOST_TERMS = 4;

    /**
     * One of the sums.
     *
     * @param terms  1 … {@value #MOST_TERMS} operands, of floating types and any layout
     * @param result of a floating type and the terms' shape
     */
    public record Sum(int terms, TensorSpec result) {}

    public MultiTensorSum {
        sums = List.copyOf(sums);
    }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        int first = 0;
        for (Sum sum : sums) {
            int end = first + sum.terms;
            Check.that(sum.terms >= 1 && sum.terms <= MOST_TERMS && end <= inputs.size(), this, List.of(sum.result),
                    "1 to " + MOST_TERMS + " terms of each sum among " + inputs.size() + " operands");
            List<TensorSpec> terms = inputs.subList(first, end);
            Check.that(sum.result.dtype().isFloating() && terms.stream().allMatch(term -> term.dtype().isFloating()
                    && term.shape().equals(sum.result.shape())), this, terms,
                    "floating terms of shape " + sum.result.shape() + " for a floating result");
            first = end;
        }
        Check.that(first == inputs.size(), this, List.of(), first + " operands, not " + inputs.size());
        return sums.stream().map(Sum::result).toList();
    }

    @Override
    public boolean differentiable() {
        return false;
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        double terms = inputs.stream().mapToDouble(s -> s.shape().size()).sum();
        double results = outputs.stream().mapToDouble(s -> s.shape().size()).sum();
        return new Cost(terms - results, Cost.traffic(inputs, outputs));
    }

    @Override
    public Precision precision() {
        return Precision.KEEP;
    }
}
