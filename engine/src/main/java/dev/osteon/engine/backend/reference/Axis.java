package dev.osteon.engine.backend.reference;

import dev.osteon.engine.tensor.Shape;

/**
 * A row-major array seen as [outer, size, inner] around one of its dimensions.
 *
 * @param outer product of the dimensions before it
 * @param inner product of the dimensions behind it
 */
record Axis(int outer, int size, int inner) {

    static Axis of(Shape shape, int axis) {
        int middle = shape.axis(axis);
        int outer = 1;
        int inner = 1;
        for (int i = 0; i < shape.rank(); i++) {
            outer *= i < middle ? shape.dim(i) : 1;
            inner *= i > middle ? shape.dim(i) : 1;
        }
        return new Axis(outer, shape.dim(middle), inner);
    }

    int at(int outerIndex, int index, int innerIndex) {
        return (outerIndex * size + index) * inner + innerIndex;
    }

    /** Number of rows along the axis. */
    int rows() {
        return outer * inner;
    }

    /** Position of element {@code index} of row {@code row}, rows numbered as in the result that keeps the axis. */
    int inRow(int row, int index) {
        return at(row / inner, index, row % inner);
    }
}
