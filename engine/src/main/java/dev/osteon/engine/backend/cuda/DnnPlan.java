package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.checkDnn;

import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnHandle;

/**
 * A graph by one of cuDNN's engines.
 *
 * @param plan cuDNN's; it lives as long as the process, or until it is closed
 * @param bias whether the graph reads one
 */
record DnnPlan(cudnnHandle handle, DnnDescriptor plan, long workspace, Ending.Bias bias) implements Plan {

    private static final int VARIANT_PACK = 16;

    @Override
    public void run(Operands at, long space) {
        try (DnnDescriptor pack = new DnnDescriptor(VARIANT_PACK, "variant pack")) {
            switch (bias) {
                case NONE -> pack.longs(1000, DnnOperations.X, DnnOperations.WEIGHT, DnnOperations.Y)
                        .pointers(1001, at.x(), at.weight(), at.y());
                case BY_CHANNEL -> pack.longs(1000, DnnOperations.X, DnnOperations.WEIGHT, DnnOperations.Y,
                        DnnOperations.BIAS).pointers(1001, at.x(), at.weight(), at.y(), at.bias());
            }
            pack.pointers(1003, space).finish();
            checkDnn(JCudnn.cudnnBackendExecute(handle, plan, pack), "cudnnBackendExecute");
        }
    }

    @Override
    public void close() {
        plan.close();
    }
}
