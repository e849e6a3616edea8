package dev.osteon.engine.backend.reference;

import static dev.osteon.engine.backend.host.ResizeWeights.axis;

import dev.osteon.engine.op.Resize;
import dev.osteon.engine.op.ResizeBackward;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** Resizing, each axis on its own. */
final class ResizeKernels {

    private ResizeKernels() {}

    static void resize(Resize op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor x = inputs.getFirst();
        Tensor y = outputs.getFirst();
        AxisMap.apply(x, y, axis(op.filter(), x.dim(2), y.dim(2)), axis(op.filter(), x.dim(3), y.dim(3)));
    }

    static void resizeBackward(ResizeBackward op, List<Tensor> inputs, List<Tensor> outputs) {
        Tensor dy = inputs.getFirst();
        Tensor dx = outputs.getFirst();
        AxisMap.transpose(dy, dx, axis(op.filter(), dx.dim(2), dy.dim(2)), axis(op.filter(), dx.dim(3), dy.dim(3)));
    }
}
