package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Resizes the images x [N, C, H, W] to {@code output}, each axis on its own. Source coordinate of output i:
 * (i + ½)·in/out − ½. {@link Filter} says how its neighbours are weighted.
 */
public record Resize(Window output, Filter filter) implements Op {

    /** How neighbours are weighted. */
    public enum Filter {
        /** The pixel at ⌊i·in/out⌋. */
        NEAREST,
        /** The two neighbours of the coordinate clamped to the image. */
        BILINEAR,
        /** A triangle widened by the reduction, weights renormalised at the border: Pillow's and torch's antialias. */
        ANTIALIAS
    }

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
        b.to(0, () -> Dispatcher.run(new ResizeBackward(new Window(x.dim(2), x.dim(3)), filter), b.upstream()));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(filter == Filter.NEAREST ? 0 : 8, inputs, outputs);
    }
}
