package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Dimensions in another order: result dimension i is operand dimension {@code order[i]}. A view where the memory is in
 * that order already.
 */
public record Permute(List<Integer> order) implements Op {

    private static final List<Integer> LAST = List.of(0, 2, 3, 1);
    private static final List<Integer> FIRST = List.of(0, 3, 1, 2);

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

    /**
     * The result's specification where it needs no copy: between channels-last memory and [N, H, W, C] in rows the
     * order is that of the elements.
     */
    public Optional<TensorSpec> view(TensorSpec x) {
        if (x.layout() == Layout.NHWC && order.equals(LAST)) {
            return Optional.of(infer(List.of(x)).getFirst());
        }
        if (x.layout() == Layout.ROW_MAJOR && order.equals(FIRST)) {
            TensorSpec spec = infer(List.of(x)).getFirst();
            return Optional.of(new TensorSpec(spec.shape(), spec.dtype(), Layout.NHWC));
        }
        return Optional.empty();
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Ops.permute(b.upstream(), IntStream.range(0, order.size()).map(order::indexOf).toArray())
                .to(b.inputSpec(0).layout()));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(0, inputs, outputs);
    }
}
