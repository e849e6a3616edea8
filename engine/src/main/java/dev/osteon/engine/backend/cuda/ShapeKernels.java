package dev.osteon.engine.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Concat;
import dev.osteon.engine.op.DiagonalMask;
import dev.osteon.engine.op.Expand;
import dev.osteon.engine.op.Pad;
import dev.osteon.engine.op.Permute;
import dev.osteon.engine.op.Slice;
import dev.osteon.engine.op.ToLayout;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** What moves elements and leaves their values alone: {@code cuda/shapes.cu}. */
record ShapeKernels(CudaRuntime cuda) {

    void register(Registrar to) {
        to.put(ToLayout.class, Layouts.ANY, Registrar.F32_OR_LOW, this::toLayout)
                .put(Permute.class, Layouts.ANY, Registrar.F32_OR_LOW, this::permute)
                .put(Expand.class, Layouts.ANY, Registrar.F32_OR_LOW, this::expand)
                .put(Slice.class, Layouts.ANY, Registrar.F32_OR_LOW, this::slice)
                .put(Concat.class, Layouts.ANY, Registrar.F32_OR_LOW, this::concat)
                .put(Pad.class, Layouts.ANY, Registrar.F32_OR_LOW, this::pad)
                .put(DiagonalMask.class, Layouts.ROW_MAJOR, Registrar.F32_OR_LOW, this::diagonalMask);
    }

    private void toLayout(ToLayout op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        if (x.layout() == y.layout()) {
            cuda.copy(x.segment().address(), y.segment().address(), x.spec().bytes());
        } else {
            Moves.relayout(cuda, x.shape(), x.dtype().bytes(), x.segment().address(), x.layout(),
                    y.segment().address(), y.layout());
        }
    }

    private void permute(Permute op, List<Tensor> in, List<Tensor> out) {
        long[] strides = strides(in.getFirst());
        take(in.getFirst(), 0, op.order().stream().mapToLong(axis -> strides[axis]).toArray(), out.getFirst());
    }

    private void expand(Expand op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        take(x, 0, x.shape().stridesWithin(op.shape(), x.layout()), out.getFirst());
    }

    private void slice(Slice op, List<Tensor> in, List<Tensor> out) {
        int axis = in.getFirst().shape().axis(op.axis());
        long[] strides = strides(in.getFirst());
        long start = op.start() * strides[axis];
        strides[axis] *= op.step();
        take(in.getFirst(), start, strides, out.getFirst());
    }

    /** y, row-major, from x's elements at {@code start} and the strides given. */
    private void take(Tensor x, long start, long[] strides, Tensor y) {
        int bytes = x.dtype().bytes();
        Moves.copy(cuda, bytes, Walk.of(y.shape().toArray(), strides, strides(y)),
                x.segment().address() + start * bytes, y.segment().address());
    }

    private void concat(Concat op, List<Tensor> in, List<Tensor> out) {
        Tensor y = out.getFirst();
        int axis = y.shape().axis(op.axis());
        long[] strides = strides(y);
        long start = 0;
        for (Tensor x : in) {
            put(x, y, start, strides);
            start += x.dim(axis) * strides[axis];
        }
    }

    private void pad(Pad op, List<Tensor> in, List<Tensor> out) {
        Tensor y = out.getFirst();
        int axis = y.shape().axis(op.axis());
        cuda.launch("shapes", "fill_b" + y.dtype().bytes()).pointer(y).wide(y.size())
                .wide(bits(y.dtype(), op.value())).over(y.size());
        long[] strides = strides(y);
        long start = op.before() * strides[axis];
        strides[axis] *= op.step();
        put(in.getFirst(), y, start, strides);
    }

    /** All of x into y's elements at {@code start} and the strides given. */
    private void put(Tensor x, Tensor y, long start, long[] strides) {
        int bytes = x.dtype().bytes();
        Moves.copy(cuda, bytes, Walk.of(x.shape().toArray(), strides(x), strides), x.segment().address(),
                y.segment().address() + start * bytes);
    }

    private void diagonalMask(DiagonalMask op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        cuda.launch("shapes", "diagonal_b" + x.dtype().bytes()).pointer(x).pointer(out.getFirst()).wide(x.size())
                .integer(x.dim(-1)).wide(bits(x.dtype(), op.value())).over(x.size());
    }

    private static long[] strides(Tensor tensor) {
        return tensor.shape().strides(tensor.rank() == 4 ? tensor.layout() : Layout.ROW_MAJOR);
    }

    /** The bit pattern of {@code value} in an element type. */
    private static long bits(DType dtype, double value) {
        MemorySegment one = MemorySegment.ofArray(new long[1]);
        HostData.set(one, dtype, 0, value);
        return switch (dtype.bytes()) {
            case 1 -> one.get(JAVA_BYTE, 0);
            case 2 -> one.get(JAVA_SHORT, 0);
            case 4 -> one.get(JAVA_INT, 0);
            default -> one.get(JAVA_LONG, 0);
        };
    }
}
