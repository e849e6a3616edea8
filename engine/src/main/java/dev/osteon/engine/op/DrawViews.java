package dev.osteon.engine.op;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import dev.osteon.engine.views.Resolution;
import dev.osteon.engine.views.ViewSampling;
import java.util.ArrayList;
import java.util.List;

/**
 * Draws the views of a batch's segments at random, as {@link ViewSampling} says, for {@link AffineCropResize} to cut.
 *
 * <p>Operands: images [N, 1, S, S], floating or u16, with a segment at the top left of each and zeros elsewhere; the
 * segments' heights and widths [N, 2] (i32; 1 to S, the nearest of these is taken for what is not); the numbers of the
 * batch's segments [B] (i32); and the key of a {@code Philox} stream [2] (i32: its lower and its upper half), from
 * which each segment forks its own by its number, so that its views do not depend on the batch.
 *
 * <p>Results: for each resolution maps [V·B, 2, 3] (f32) and the numbers of the segments that they are of [V·B] (i32),
 * view v of the batch's b-th segment in row v·B + b; and last what drawing took [3] (i32): tries, views, and views of
 * which enough is not zero. All are the same to the bit on every device.
 */
public record DrawViews(ViewSampling sampling) implements Op {

    /** Multiplications and additions for a pixel that is counted: where it lies, and how far its filter reaches. */
    private static final double FLOPS_PER_PIXEL = 12;

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 4, 4);
        TensorSpec images = inputs.get(0);
        TensorSpec sides = inputs.get(1);
        TensorSpec samples = inputs.get(2);
        TensorSpec key = inputs.get(3);
        boolean levels = images.dtype() == DType.U16;
        Check.that((images.dtype().isFloating() || levels) && images.rank() == 4 && images.dim(0) > 0
                && images.dim(1) == 1 && images.dim(2) == images.dim(3) && images.dim(2) > 0
                && isI32(sides, Shape.of(images.dim(0), 2)) && samples.rank() == 1 && isI32(samples, samples.shape())
                && isI32(key, Shape.of(2)), this, inputs,
                "floating or u16 images [N, 1, S, S], and i32 heights and widths [N, 2], numbers [B] and a key [2]");
        List<TensorSpec> results = new ArrayList<>();
        for (Resolution resolution : sampling.resolutions()) {
            int rows = resolution.count() * samples.dim(0);
            results.add(TensorSpec.of(Shape.of(rows, 2, 3), DType.F32));
            results.add(TensorSpec.of(Shape.of(rows), DType.I32));
        }
        results.add(TensorSpec.of(Shape.of(3), DType.I32));
        return results;
    }

    private static boolean isI32(TensorSpec spec, Shape shape) {
        return spec.dtype() == DType.I32 && spec.shape().equals(shape);
    }

    @Override
    public boolean differentiable() {
        return false;
    }

    /** The batch's segments are read once, and every pixel of their views is counted once. */
    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        TensorSpec images = inputs.getFirst();
        double batch = inputs.get(2).dim(0);
        double pixels = sampling.resolutions().stream()
                .mapToDouble(r -> batch * r.count() * r.size() * r.size()).sum();
        return new Cost(FLOPS_PER_PIXEL * pixels,
                batch * images.bytes() / images.dim(0) + Cost.traffic(inputs.subList(1, 4), outputs));
    }

    @Override
    public Precision precision() {
        return Precision.KEEP;
    }
}
