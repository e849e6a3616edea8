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
        checked(op, launch("gather_backward", in, out).wide(in.getFirst().size()).integer(op.size()))
                .over(out.getFirst().size());
    }

    private void select(Select op, List<Tensor> in, List<Tensor> out) {
        Tensor y = out.getFirst();
        Rows axis = Rows.along(y.shape(), op.axis());
        checked(op, launch("select", in, out).wide(y.size()).integer(in.getFirst().dim(op.axis()))
                .integer(axis.size()).wide(axis.inner())).over(y.size());
    }

    private void selectBackward(SelectBackward op, List<Tensor> in, List<Tensor> out) {
        Tensor dx = out.getFirst();
        Rows axis = Rows.along(in.getFirst().shape(), op.axis());
        checked(op, cuda.launch("shapes", "select_backward_f32_" + in.get(1).dtype()).pointer(in.get(0))
                .pointer(in.get(1)).pointer(dx).wide(dx.size()).integer(op.size()).integer(axis.size())
                .wide(axis.inner())).over(dx.size());
    }

    private Launch launch(String kernel, List<Tensor> in, List<Tensor> out) {
        return cuda.launch("shapes", kernel + "_b" + in.getFirst().dtype().bytes() + "_" + in.get(1).dtype())
                .pointer(in.get(0)).pointer(in.get(1)).pointer(out.getFirst());
    }

    private Launch checked(Op op, Launch launch) {
        return launch.integer(Faults.kind(op.name())).address(cuda.faults().address());
    }
}
