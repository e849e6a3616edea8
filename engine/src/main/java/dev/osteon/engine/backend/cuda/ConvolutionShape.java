package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import java.util.Locale;

/**
 * All that a convolution's algorithm depends on. Its text is the key under which the choice is kept on disk.
 *
 * @param direction what is computed
 * @param op        stride, padding, dilation, groups
 * @param x         [N, C, H, W]
 * @param weight    [O, C/groups, kh, kw]
 * @param y         [N, O, H', W']
 * @param dtype     of all three
 * @param layout    of all three: [O, kh, kw, C/groups] for the weight where images are channels-last
 */
record ConvolutionShape(Direction direction, Conv2d op, Shape x, Shape weight, Shape y, DType dtype, Layout layout) {

    /** What is computed of x, weight and y, given the other two. */
    enum Direction {
        Y,
        X,
        /** X, added to what it is before. */
        ONTO_X,
        WEIGHT
    }

    ConvolutionShape toward(Direction other) {
        return new ConvolutionShape(other, op, x, weight, y, dtype, layout);
    }

    ConvolutionShape in(Layout other) {
        return new ConvolutionShape(direction, op, x, weight, y, dtype, other);
    }

    @Override
    public String toString() {
        return String.join(" ", "convolution", direction.name().toLowerCase(Locale.ROOT), dtype.toString(),
                layout.name().toLowerCase(Locale.ROOT), text(x), text(weight), text(y), "stride", text(op.stride()),
                "padding", text(op.padding()), "dilation", text(op.dilation()), "groups",
                String.valueOf(op.groups()));
    }

    private static String text(Shape shape) {
        return shape.toString().replace(", ", "x");
    }

    private static String text(Window window) {
        return window.height() + "x" + window.width();
    }
}
