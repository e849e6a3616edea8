package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** The same tensor in another physical layout. */
public record ToLayout(Layout layout) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        TensorSpec x = inputs.getFirst();
        Check.that(layout != Layout.NHWC || x.rank() == 4, this, inputs, "rank 4 for NHWC");
        return List.of(new TensorSpec(x.shape(), x.dtype(), layout));
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Ops.toLayout(b.upstream(), b.inputSpec(0).layout()));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(0, inputs, outputs);
    }
}
