package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.tensor.Shape;

/**
 * A row-major array seen as [outer, size, inner] around one of its dimensions.
 *
 * @param count outer·inner, the number of rows along the dimension
 * @param size  the dimension's
 * @param inner product of the dimensions behind it
 */
record Rows(long count, int size, long inner) {

    static Rows along(Shape shape, int axis) {
        int middle = shape.axis(axis);
        long outer = 1;
        long inner = 1;
        for (int i = 0; i < shape.rank(); i++) {
            outer *= i < middle ? shape.dim(i) : 1;
            inner *= i > middle ? shape.dim(i) : 1;
        }
        return new Rows(outer * inner, shape.dim(middle), inner);
    }
}
