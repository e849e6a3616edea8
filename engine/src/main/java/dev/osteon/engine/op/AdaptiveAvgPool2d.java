package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** Mean over a grid of {@code output} cells of x [N, C, H, W]: cell i spans rows ⌊i·H/h⌋ … ⌈(i + 1)·H/h⌉ − 1. */
public record AdaptiveAvgPool2d(Window output) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        Check.floating(this, inputs);
        Check.rank(this, inputs, 0, 4);
        TensorSpec x = inputs.getFirst();
        return List.of(x.withShape(Shape.of(x.dim(0), x.dim(1), output.height(), output.width())));
    }

    @Override
    public void vjp(Backward b) {
        TensorSpec x = b.inputSpec(0);
        b.to(0, () -> Dispatcher.run(new AdaptiveAvgPool2dBackward(new Window(x.dim(2), x.dim(3))),
                b.upstream().to(x.layout())));      // few cells now, instead of all pixels later
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perInput(1, inputs, outputs);
    }
}
