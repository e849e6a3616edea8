package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.op.Gather;
import dev.osteon.engine.op.GatherBackward;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Select;
import dev.osteon.engine.op.SelectBackward;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/**
 * Elements and rows by number: {@code cuda/shapes.cu}. An index out of range is found by the kernel and reported when
 * results are next waited for.
 */
record IndexKernels(CudaRuntime cuda) {

    /** Groups of elements of a row that a warp writes alone. */
    private static final int WARP_ELEMENTS = 128;
    /** With fewer rows a block takes one, with more each of its warps. */
    private static final int MANY_ROWS = 1024;
    private static final long BUSY = 2048;

    void register(Registrar to) {
        to.put(Gather.class, Layouts.ROW_MAJOR, Registrar.F32_OR_LOW, this::gather)
                .put(GatherBackward.class, Layouts.ROW_MAJOR, Registrar.F32_OR_LOW, this::gatherBackward)
                .put(Select.class, Layouts.ROW_MAJOR, Registrar.F32_OR_LOW, this::select)
                .put(SelectBackward.class, Layouts.ROW_MAJOR, Registrar.F32, this::selectBackward);
    }

    private void gather(Gather op, List<Tensor> in, List<Tensor> out) {
        checked(op, launch("gather", in, out).wide(out.getFirst().size()).integer(in.getFirst().dim(-1)))
                .over(out.getFirst().size());
    }

    private void gatherBackward(GatherBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor dx = out.getFirst();
        long rows = in.getFirst().size();
        if (dx.size() == 0) {
            return;
        }
        int pack = Addresses.pack(op.size(), dx);
        boolean warps = op.size() / pack <= WARP_ELEMENTS;
        Launch launch = checked(op, launch("gather_backward_" + (pack > 1 ? 16 : 1), in, out).wide(rows)
                .integer(op.size()));
        if (warps) {
            launch.warps(rows);
        } else {
            launch.rows(rows);
        }
    }

    private void select(Select op, List<Tensor> in, List<Tensor> out) {
        Tensor x = in.getFirst();
        Tensor y = out.getFirst();
        Rows axis = Rows.along(y.shape(), op.axis());
        int run = Addresses.run(axis.inner(), x, y);
        long runs = y.size() / run;
        checked(op, cuda.launch("shapes", "select_b" + run * x.dtype().bytes() + "_" + in.get(1).dtype()).pointer(x)
                .pointer(in.get(1)).pointer(y).wide(runs).integer(x.dim(op.axis()))
                .divisor(Divisor.of(axis.inner() / run)).divisor(Divisor.of(axis.size()))).over(runs);
    }

    private void selectBackward(SelectBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor dy = in.getFirst();
        Tensor dx = out.getFirst();
        if (dx.size() == 0) {
            return;
        }
        Rows axis = Rows.along(dy.shape(), op.axis());
        long outer = outer(dx, op.axis());
        long inner = dx.size() / op.size() / outer;
        int pack = inner % 4 == 0 && Addresses.packed(dy, dx) ? 4 : 1;
        int team = op.size() < MANY_ROWS ? Launch.WARPS : 1;
        long blocks = ((long) op.size() * team + Launch.WARPS - 1) / Launch.WARPS;
        long jobs = outer * ((inner + 32L * pack - 1) / (32L * pack));
        Launch launch = checked(op, cuda.launch("shapes", "select_backward_" + pack + "_f32_" + in.get(1).dtype())
                .pointer(dy).pointer(in.get(1)).pointer(dx).wide(outer).integer(op.size()).integer(axis.size())
                .wide(inner).integer(team));
        launch.grid((int) blocks, (int) Math.clamp(jobs, 1, Math.max(1, BUSY / blocks)), Launch.BLOCK, 1);
    }

    private static long outer(Tensor tensor, int axis) {
        long outer = 1;
        for (int i = 0; i < axis; i++) {
            outer *= tensor.dim(i);
        }
        return outer;
    }

    private Launch launch(String kernel, List<Tensor> in, List<Tensor> out) {
        return cuda.launch("shapes", kernel + "_b" + in.getFirst().dtype().bytes() + "_" + in.get(1).dtype())
                .pointer(in.get(0)).pointer(in.get(1)).pointer(out.getFirst());
    }

    private Launch checked(Op op, Launch launch) {
        return launch.integer(Faults.kind(op.name())).address(cuda.faults().address());
    }
}
