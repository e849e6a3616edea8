package dev.osteon.engine.backend;

import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** How one operation is done on one device. Outputs are allocated, their contents undefined. */
@FunctionalInterface
public interface Kernel<O extends Op> {

    void run(O op, List<Tensor> inputs, List<Tensor> outputs);
}
