package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import java.util.Locale;

/**
 * A convolution in one of its directions, and what follows it.
 *
 * @param direction what is computed
 * @param op        stride, padding, dilation, groups
 * @param x         [N, C, H, W]
 * @param weight    [O, C/groups, kh, kw]
 * @param y         [N, O, H', W']
 * @param dtype     of all three
 * @param layout    of all three: [O, kh, kw, C/groups] for the weight where images are channels-last
 * @param ending    what follows; nothing does behind a weight's gradient, or what is added to X
 */
record ConvolutionShape(Direction direction, Conv2d op, Shape x, Shape weight, Shape y, DType dtype, Layout layout,
        Ending ending) implements PlannedShape {

    /** What is computed of x, weight and y, given the other two. */
    enum Direction {
        Y,
        X,
        /** X, added to what it is before. */
        ONTO_X,
        WEIGHT
    }

    ConvolutionShape(Direction direction, Conv2d op, Shape x, Shape weight, Shape y, DType dtype, Layout layout) {
        this(direction, op, x, weight, y, dtype, layout, Ending.NONE);
    }

    ConvolutionShape toward(Direction other) {
        return new ConvolutionShape(other, op, x, weight, y, dtype, layout, ending);
    }

    ConvolutionShape in(Layout other) {
        return new ConvolutionShape(direction, op, x, weight, y, dtype, other, ending);
    }

    @Override
    public String kind() {
        return "convolution";
    }

    @Override
    public ConvolutionShape plain() {
        return new ConvolutionShape(direction, op, x, weight, y, dtype, layout);
    }

    /** Which of the three is computed. */
    <T> T computed(T ofX, T ofWeight, T ofY) {
        return switch (direction) {
            case Y -> ofY;
            case X, ONTO_X -> ofX;
            case WEIGHT -> ofWeight;
        };
    }

    private Shape result() {
        return computed(x, weight, y);
    }

    @Override
    public long result(Operands at) {
        return computed(at.x(), at.weight(), at.y());
    }

    @Override
    public long results() {
        return result().size();
    }

    @Override
    public int channels() {
        return result().dim(1);
    }

    @Override
    public long inner() {
        return layout == Layout.NHWC ? 1 : (long) result().dim(2) * result().dim(3);
    }

    @Override
    public boolean goesOn() {
        return direction == Direction.Y && layout == Layout.NHWC && op.groups() == 1;
    }

    @Override
    public long bytesAddedTo() {
        return direction == Direction.ONTO_X ? x.size() * dtype.bytes() : 0;
    }

    @Override
    public String toString() {
        return String.join(" ", kind(), direction.name().toLowerCase(Locale.ROOT), dtype.toString(),
                layout.name().toLowerCase(Locale.ROOT), text(x), text(weight), text(y), "stride", text(op.stride()),
                "padding", text(op.padding()), "dilation", text(op.dilation()), "groups",
                String.valueOf(op.groups())) + ending;
    }

    private static String text(Shape shape) {
        return shape.toString().replace(", ", "x");
    }

    private static String text(Window window) {
        return window.height() + "x" + window.width();
    }
}
