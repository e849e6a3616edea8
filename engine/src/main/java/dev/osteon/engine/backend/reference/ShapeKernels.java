package dev.osteon.engine.backend.reference;

import dev.osteon.engine.op.Concat;
import dev.osteon.engine.op.DiagonalMask;
import dev.osteon.engine.op.Expand;
import dev.osteon.engine.op.Pad;
import dev.osteon.engine.op.Permute;
import dev.osteon.engine.op.Slice;
import dev.osteon.engine.op.ToLayout;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** What moves elements and leaves their values alone. */
final class ShapeKernels {

    private ShapeKernels() {}

    static void permute(Permute op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor x = inputs.getFirst();
        long[] strides = x.shape().strides(Layout.ROW_MAJOR);
        long[] permuted = op.order().stream().mapToLong(axis -> strides[axis]).toArray();
        pick(x, outputs.getFirst(), new Cursor(outputs.getFirst().shape(), permuted), 0);
    }

    static void expand(Expand op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor x = inputs.getFirst();
        pick(x, outputs.getFirst(), Cursor.broadcast(x.shape(), op.shape()), 0);
    }

    static void slice(Slice op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor x = inputs.getFirst();
        int axis = x.shape().axis(op.axis());
        long[] strides = x.shape().strides(Layout.ROW_MAJOR);
        int start = (int) (op.start() * strides[axis]);
        strides[axis] *= op.step();
        pick(x, outputs.getFirst(), new Cursor(outputs.getFirst().shape(), strides), start);
    }

    static void toLayout(ToLayout op, List<Tensor> inputs, List<Tensor> outputs) {
        Elements.writeBits(outputs.getFirst(), Elements.bits(inputs.getFirst()));
    }

    /** y = x at the cursor's positions. */
    private static void pick(Tensor x, Tensor y, Cursor from, int start) {
        long[] source = Elements.bits(x);
        long[] values = new long[Elements.count(y)];
        for (int i = 0; i < values.length; i++) {
            values[i] = source[start + from.next()];
        }
        Elements.writeBits(y, values);
    }

    static void concat(Concat op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor y = outputs.getFirst();
        int axis = y.shape().axis(op.axis());
        long[] strides = y.shape().strides(Layout.ROW_MAJOR);
        long[] values = new long[Elements.count(y)];
        int start = 0;
        for (Tensor x : inputs) {
            place(x, values, new Cursor(x.shape(), strides), start);
            start += (int) (x.dim(axis) * strides[axis]);
        }
        Elements.writeBits(y, values);
    }

    static void pad(Pad op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor y = outputs.getFirst();
        int axis = y.shape().axis(op.axis());
        long[] strides = y.shape().strides(Layout.ROW_MAJOR);
        int start = (int) (op.before() * strides[axis]);
        strides[axis] *= op.step();
        long[] values = new long[Elements.count(y)];
        Arrays.fill(values, Elements.bitsOf(y.dtype(), op.value()));
        place(inputs.getFirst(), values, new Cursor(inputs.getFirst().shape(), strides), start);
        Elements.writeBits(y, values);
    }

    /** Puts x into {@code values} at the cursor's positions. */
    private static void place(Tensor x, long[] values, Cursor to, int start) {
        for (long bits : Elements.bits(x)) {
            values[start + to.next()] = bits;
        }
    }

    static void diagonalMask(DiagonalMask op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor x = inputs.getFirst();
        int n = x.dim(-1);
        long masked = Elements.bitsOf(x.dtype(), op.value());
        long[] values = Elements.bits(x);
        for (int i = 0; i < values.length; i++) {
            if (i / n % n == i % n) {
                values[i] = masked;
            }
        }
        Elements.writeBits(outputs.getFirst(), values);
    }
}
