package dev.osteon.engine.tensor;

import dev.osteon.engine.EngineException;
import java.util.Arrays;

/** An immutable list of dimension sizes; the empty shape is a scalar. */
public final class Shape {

    /** The shape of a scalar. */
    public static final Shape SCALAR = new Shape(new int[0]);

    private final int[] dims;
    private final long size;

    private Shape(int[] dims) {
        this.dims = dims;
        long product = 1;
        for (int dim : dims) {
            if (dim < 0) {
                throw new EngineException("shape: given " + Arrays.toString(dims) + "; expected sizes of 0 or more");
            }
            if (dim > 0 && product > Long.MAX_VALUE / dim) {
                throw new EngineException("shape: given " + Arrays.toString(dims)
                        + "; expected fewer than 2^63 elements");
            }
            product *= dim;
        }
        this.size = product;
    }

    public static Shape of(int... dims) {
        return dims.length == 0 ? SCALAR : new Shape(dims.clone());
    }

    public int rank() {
        return dims.length;
    }

    /** Size of dimension {@code axis}; negative axes count from the end. */
    public int dim(int axis) {
        return dims[axis(axis)];
    }

    /** Number of elements. */
    public long size() {
        return size;
    }

    public int[] toArray() {
        return dims.clone();
    }

    /** {@code axis} as an index of 0 … rank − 1; negative axes count from the end. */
    public int axis(int axis) {
        int resolved = axis < 0 ? axis + dims.length : axis;
        if (resolved < 0 || resolved >= dims.length) {
            throw new EngineException("axis: given " + axis + " for shape " + this + "; expected "
                    + -dims.length + " to " + (dims.length - 1));
        }
        return resolved;
    }

    /** This shape with dimension {@code axis} replaced. */
    public Shape with(int axis, int dim) {
        int[] copy = dims.clone();
        copy[axis(axis)] = dim;
        return new Shape(copy);
    }

    /** The shape that NumPy's broadcasting gives for the two, aligned at their last dimensions. */
    public static Shape broadcast(Shape a, Shape b) {
        int rank = Math.max(a.rank(), b.rank());
        int[] result = new int[rank];
        for (int i = 0; i < rank; i++) {
            int da = i < rank - a.rank() ? 1 : a.dims[i - rank + a.rank()];
            int db = i < rank - b.rank() ? 1 : b.dims[i - rank + b.rank()];
            if (da != db && da != 1 && db != 1) {
                throw new EngineException("broadcast: given " + a + " and " + b
                        + "; expected equal sizes or 1 in each dimension, aligned at the last");
            }
            result[i] = da == 1 ? db : da;
        }
        return new Shape(result);
    }

    /** Element strides of a dense tensor of this shape in {@code layout}. */
    public long[] strides(Layout layout) {
        long[] strides = new long[dims.length];
        if (layout == Layout.NHWC) {
            long c = dims[1];
            strides[1] = 1;
            strides[3] = c;
            strides[2] = c * dims[3];
            strides[0] = c * dims[3] * dims[2];
            return strides;
        }
        long stride = 1;
        for (int i = dims.length - 1; i >= 0; i--) {
            strides[i] = stride;
            stride *= dims[i];
        }
        return strides;
    }

    /** Element strides for reading this shape as if it were {@code target}: 0 along broadcast dimensions. */
    public long[] stridesWithin(Shape target, Layout layout) {
        long[] own = strides(layout);
        long[] result = new long[target.rank()];
        int offset = target.rank() - rank();
        for (int i = 0; i < own.length; i++) {
            result[i + offset] = dims[i] == 1 ? 0 : own[i];
        }
        return result;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    @Override
    public String toString() {
        return Arrays.toString(dims);
    }
}
