package dev.osteon.engine.op;

import dev.osteon.engine.autograd.Backward;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Views of images through affine maps: what all augmentation is built on. Operands: images [N, C, H, W], matrices
 * [V, 2, 3] (row-major, from output pixel indices to source pixel indices; a pixel's centre lies at its index) and
 * image numbers [V] (i32). Result [V, C, output]. Images are floating, or 16-bit grey levels (u16), which are read as
 * the integers they are and give float32.
 *
 * <p>Output pixel (u, v) reads the source around (xs, ys) = M·(u, v, 1). With {@link Filter#TRIANGLE} source pixel
 * (i, j) weighs tri((i − xs)/sx)·tri((j − ys)/sy), tri(t) = max(0, 1 − |t|), where sx = max(1, √(m00² + m01²)) and
 * sy = max(1, √(m10² + m11²)) widen the triangle when the map reduces: correct down-sampling, plain bilinear otherwise.
 */
public record AffineCropResize(Window output, Filter filter, Border border) implements Op {

    /** How source pixels are weighted. */
    public enum Filter { NEAREST, TRIANGLE }

    /** What lies outside the source image. */
    public enum Border {
        /** Zeros: weights are divided by their sum over an unbounded grid. */
        ZERO,
        /** Nothing: weights are divided by their sum inside the image; 0 where none is inside. */
        RENORMALIZE
    }

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 3, 3);
        TensorSpec x = inputs.get(0);
        TensorSpec matrices = inputs.get(1);
        TensorSpec index = inputs.get(2);
        Check.rank(this, inputs, 0, 4);
        boolean levels = x.dtype() == DType.U16;
        Check.that((x.dtype().isFloating() || levels) && matrices.rank() == 3 && matrices.dim(1) == 2
                && matrices.dim(2) == 3 && index.rank() == 1 && index.dim(0) == matrices.dim(0)
                && index.dtype() == DType.I32, this, inputs,
                "floating or u16 images [N, C, H, W], matrices [V, 2, 3] and i32 image numbers [V]");
        return List.of(x.withShape(Shape.of(matrices.dim(0), x.dim(1), output.height(), output.width()))
                .withDType(levels ? DType.F32 : x.dtype()));
    }

    @Override
    public Saves saves() {
        return Saves.inputs(1, 2);
    }

    @Override
    public void vjp(Backward b) {
        b.to(0, () -> Dispatcher.run(new AffineCropResizeBackward(this, b.inputSpec(0).shape()), b.upstream(),
                b.input(1), b.input(2)));
    }

    @Override
    public Cost cost(List<TensorSpec> inputs, List<TensorSpec> outputs) {
        return Cost.perOutput(12, inputs, outputs);
    }

    @Override
    public Precision precision() {
        return Precision.KEEP;
    }
}
