package dev.osteon.engine.backend.reference;

import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;

/** Visits the positions of a shape in row-major order and says where each lies under given element strides. */
final class Cursor {

    private final int[] dims;
    private final long[] strides;
    private final int[] index;
    private long offset;

    Cursor(Shape shape, long[] strides) {
        this.dims = shape.toArray();
        this.strides = strides;
        this.index = new int[dims.length];
    }

    /** Reads a row-major array of shape {@code own} as if it were broadcast to {@code target}. */
    static Cursor broadcast(Shape own, Shape target) {
        return new Cursor(target, own.stridesWithin(target, Layout.ROW_MAJOR));
    }

    /** Offset of the position the cursor is at; moves on to the next one. */
    int next() {
        long here = offset;
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            offset += strides[axis];
            if (++index[axis] < dims[axis]) {
                break;
            }
            offset -= index[axis] * strides[axis];
            index[axis] = 0;
        }
        return (int) here;
    }
}
