package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Dimensions in another order: result dimension i is operand dimension {@code order[i]}. */
public record Permute(List<Integer> order) implements Op {

    public Permute {
        order = List.copyOf(order);
    }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        TensorSpec x = inputs.getFirst();
        int[] sorted = order.stream().mapToInt(Integer::intValue).sorted().toArray();
        Check.that(Arrays.equals(sorted, IntStream.range(0, x.rank()).toArray()), this, inputs,
                "each dimension 0 … rank − 1 once");
        return List.of(TensorSpec.of(Shape.of(order.stream().mapToInt(x::dim).toArray()), x.dtype()));
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Ops.permute(b.upstream(), IntStream.range(0, order.size()).map(order::indexOf).toArray()));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(0, inputs, outputs);
    }
}
