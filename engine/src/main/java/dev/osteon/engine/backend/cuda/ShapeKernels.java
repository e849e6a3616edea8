package dev.osteon.engine.backend.cuda;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

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
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        int axis = y.shape().axis(op.axis());
        long inner = strides(y)[axis];
        int run = Addresses.run(inner, x, y);
        long runs = y.size() / run;
        try (Temporaries temporary = new Temporaries(cuda)) {
            long from = temporary.in(y.layout(), x);
            cuda.launch("shapes", "pad_b" + run * y.dtype().bytes()).address(from).pointer(y).wide(runs)
                    .integer(x.dim(axis)).integer(op.before()).divisor(Divisor.of(op.step()))
                    .divisor(Divisor.of(inner / run)).divisor(Divisor.of(y.dim(axis)))
                    .wide(repeated(y.dtype(), op.value())).over(runs);
        }
    }

    /** All of x into y's elements at {@code start} and the strides given. */
    private void put(Tensor x, Tensor y, long start, long[] strides) {
        int bytes = x.dtype().bytes();
        Moves.copy(cuda, bytes, Walk.of(x.shape().toArray(), strides(x), strides), x.segment().address(),
                y.segment().address() + start * bytes);
    }

    private void diagonalMask(DiagonalMask op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        int side = x.dim(-1);
        int pack = Addresses.pack(side, x, out.getFirst());
        long packs = x.size() / pack;
        cuda.launch("shapes", "diagonal_" + pack + "_b" + x.dtype().bytes()).pointer(x).pointer(out.getFirst())
                .wide(packs).divisor(Divisor.of(side / pack)).divisor(Divisor.of(side))
                .wide(repeated(x.dtype(), op.value())).over(packs);
    }

    private static long[] strides(Tensor tensor) {
        return tensor.shape().strides(tensor.rank() == 4 ? tensor.layout() : Layout.ROW_MAJOR);
    }

    /** The bit pattern of {@code value} in an element type, as often as 64 bits hold it. */
    private static long repeated(DType dtype, double value) {
        MemorySegment all = MemorySegment.ofArray(new long[1]);
        for (int i = 0; i < Long.BYTES / dtype.bytes(); i++) {
            HostData.set(all, dtype, i, value);
        }
        return all.get(JAVA_LONG, 0);
    }
}
