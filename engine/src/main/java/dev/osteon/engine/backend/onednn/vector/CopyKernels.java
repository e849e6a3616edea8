package dev.osteon.engine.backend.onednn.vector;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Concat;
import dev.osteon.engine.op.DiagonalMask;
import dev.osteon.engine.op.Expand;
import dev.osteon.engine.op.Pad;
import dev.osteon.engine.op.Permute;
import dev.osteon.engine.op.Slice;
import dev.osteon.engine.op.ToLayout;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/** What moves elements of any type and leaves their values alone: each a copy from one {@link Place} to another. */
final class CopyKernels {

    private CopyKernels() {}

    static void register(Registry registry) {
        registry.anything(ToLayout.class, Layouts.ANY, CopyKernels::toLayout)
                .anything(Permute.class, Layouts.ANY, CopyKernels::permute)
                .anything(Expand.class, Layouts.ANY, CopyKernels::expand)
                .anything(Slice.class, Layouts.ANY, CopyKernels::slice)
                .anything(Pad.class, Layouts.ANY, CopyKernels::pad)
                .anything(Concat.class, Layouts.ANY, CopyKernels::concat)
                .anything(DiagonalMask.class, Layouts.ANY, CopyKernels::diagonalMask);
    }

    private static long[] strides(Tensor tensor) {
        return tensor.shape().strides(tensor.layout());
    }

    private static void toLayout(ToLayout op, List<Tensor> in, List<Tensor> out) {
        Place.of(in.getFirst()).copy(in.getFirst().shape(), Place.of(out.getFirst()));
    }

    /** {@code x} in {@code layout}: itself, an alias where it lies so, or a copy in the innermost scope. */
    static Tensor in(Layout layout, Tensor x) {
        if (x.layout() == layout) {
            return x;
        }
        TensorSpec spec = new TensorSpec(x.shape(), x.dtype(), layout);
        if (x.spec().liesAs(layout)) {
            return x.alias(spec);
        }
        Tensor copy = Tensor.empty(x.device(), spec, "copy as " + layout);
        Place.of(x).copy(x.shape(), Place.of(copy));
        return copy;
    }

    private static void permute(Permute op, List<Tensor> in, List<Tensor> out) {
        long[] strides = strides(in.getFirst());
        long[] permuted = op.order().stream().mapToLong(axis -> strides[axis]).toArray();
        Place.of(in.getFirst(), 0, permuted).copy(out.getFirst().shape(), Place.of(out.getFirst()));
    }

    private static void expand(Expand op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Place.of(x, 0, x.shape().stridesWithin(op.shape(), x.layout())).copy(op.shape(), Place.of(out.getFirst()));
    }

    private static void slice(Slice op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        part(x, x.shape().axis(op.axis()), op.start(), op.step())
                .copy(out.getFirst().shape(), Place.of(out.getFirst()));
    }

    /** Every {@code step}th position along {@code axis} from {@code start} on. */
    private static Place part(Tensor whole, int axis, int start, int step) {
        long[] strides = strides(whole);
        long first = start * strides[axis];
        strides[axis] *= step;
        return Place.of(whole, first, strides);
    }

    private static void pad(Pad op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        Place.filledWith(y.dtype(), op.value(), y.rank()).copy(y.shape(), Place.of(y));
        Place.of(x).copy(x.shape(), part(y, y.shape().axis(op.axis()), op.before(), op.step()));
    }

    private static void concat(Concat op, List<Tensor> in, List<Tensor> out) {
        Tensor y = out.getFirst();
        int axis = y.shape().axis(op.axis());
        int start = 0;
        for (Tensor x : in) {
            Place.of(x).copy(x.shape(), part(y, axis, start, 1));
            start += x.dim(axis);
        }
    }

    private static void diagonalMask(DiagonalMask op, List<Tensor> in, List<Tensor> out) {
        Tensor y = out.getFirst();
        Place.of(in.getFirst()).copy(y.shape(), Place.of(y));
        int n = y.dim(-1);
        Shape diagonals = y.shape().with(-1, 1);
        long[] strides = strides(y);
        strides[y.rank() - 2] = n + 1L;
        Place.filledWith(y.dtype(), op.value(), y.rank()).copy(diagonals, Place.of(y, 0, strides));
    }
}
