package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.checkDnn;

import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnHandle;

/**
 * A convolution by one of cuDNN's engines.
 *
 * @param plan cuDNN's; it lives as long as the process, or until it is closed
 */
record DnnPlan(cudnnHandle handle, DnnDescriptor plan, long workspace) implements ConvolutionPlan {

    private static final int VARIANT_PACK = 16;

    @Override
    public void run(long x, long weight, long y, long space) {
        try (DnnDescriptor pack = new DnnDescriptor(VARIANT_PACK, "variant pack")) {
            pack.longs(1000, ConvolutionGraph.X, ConvolutionGraph.WEIGHT, ConvolutionGraph.Y)
                    .pointers(1001, x, weight, y).pointers(1003, space).finish();
            checkDnn(JCudnn.cudnnBackendExecute(handle, plan, pack), "cudnnBackendExecute");
        }
    }

    @Override
    public void close() {
        plan.close();
    }
}
