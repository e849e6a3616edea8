package dev.osteon.engine.conformance;

import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.SplittableRandom;

/**
 * A sample's operand: its shape and where its values come from.
 *
 * @param layout a physical layout to bring it to before the operation
 */
public record Operand(Shape shape, Values values, Layout layout) {

    /** Where values come from. */
    public sealed interface Values {

        /** Standard normal numbers moved away from 0 by {@code gap}, so that no kink lies within rounding. */
        record Normal(double gap) implements Values {}

        /** Uniform in [low, high). */
        record Uniform(double low, double high) implements Values {}

        /** Integers 0 … bound − 1. */
        record Index(int bound, DType dtype) implements Values {}

        /** True and false. */
        record Truth() implements Values {}

        /** Given numbers. */
        record Given(double... numbers) implements Values {}
    }

    public static Operand normal(int... dims) {
        return new Operand(Shape.of(dims), new Values.Normal(0), Layout.ROW_MAJOR);
    }

    /** No value within 0.1 of zero. */
    public static Operand awayFromZero(int... dims) {
        return new Operand(Shape.of(dims), new Values.Normal(0.1), Layout.ROW_MAJOR);
    }

    public static Operand positive(int... dims) {
        return uniform(0.5, 2, dims);
    }

    public static Operand uniform(double low, double high, int... dims) {
        return new Operand(Shape.of(dims), new Values.Uniform(low, high), Layout.ROW_MAJOR);
    }

    public static Operand index(int bound, DType dtype, int... dims) {
        return new Operand(Shape.of(dims), new Values.Index(bound, dtype), Layout.ROW_MAJOR);
    }

    public static Operand truth(int... dims) {
        return new Operand(Shape.of(dims), new Values.Truth(), Layout.ROW_MAJOR);
    }

    public static Operand given(Shape shape, double... numbers) {
        return new Operand(shape, new Values.Given(numbers), Layout.ROW_MAJOR);
    }

    /**
     * Images [n, 1, side, side], each with a disc of ones at the top left and zeros around it: from none in the first
     * to one as wide as the image in the last.
     */
    public static Operand discs(int n, int side) {
        double[] pixels = new double[n * side * side];
        for (int i = 0; i < pixels.length; i++) {
            double radius = 0.5 * side * (i / (side * side)) / Math.max(1, n - 1);
            double dx = i % side + 0.5 - radius;
            double dy = i / side % side + 0.5 - radius;
            pixels[i] = dx * dx + dy * dy < radius * radius ? 1 : 0;
        }
        return given(Shape.of(n, 1, side, side), pixels);
    }

    public Operand channelsLast() {
        return new Operand(shape, values, Layout.NHWC);
    }

    /** Whether it is of a floating type. */
    public boolean isFloating() {
        return !(values instanceof Values.Index || values instanceof Values.Truth);
    }

    /** The operand on {@code device}; floating ones in {@code floating}, rounded to float32 whatever it is. */
    public Tensor make(Device device, DType floating, SplittableRandom random) {
        double[] numbers = new double[Math.toIntExact(shape.size())];
        for (int i = 0; i < numbers.length; i++) {
            numbers[i] = switch (values) {
                case Values.Normal normal -> {
                    double z = random.nextGaussian();
                    yield (float) (z + Math.copySign(normal.gap(), z));
                }
                case Values.Uniform uniform -> (float) random.nextDouble(uniform.low(), uniform.high());
                case Values.Index index -> random.nextInt(index.bound());
                case Values.Truth truth -> random.nextInt(2);
                case Values.Given given -> (float) given.numbers()[i];
            };
        }
        DType dtype = switch (values) {
            case Values.Index index -> index.dtype();
            case Values.Truth truth -> DType.BOOL;
            default -> floating;
        };
        return Tensor.of(device, shape, dtype, numbers).to(layout);
    }
}
