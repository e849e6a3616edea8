package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.checkDnn;

import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnHandle;

/** A convolution's direction with its descriptors and the algorithm chosen for it. */
record ConvolutionPlan(ConvolutionShape.Direction direction, ConvolutionDescriptors of,
        AlgorithmCache.Algorithm algorithm) {

    void run(cudnnHandle handle, Pointer one, Pointer zero, long x, long weight, long y, long workspace) {
        Pointer space = Addresses.of(workspace);
        int id = algorithm.id();
        long bytes = algorithm.workspace();
        switch (direction) {
            case Y -> checkDnn(JCudnn.cudnnConvolutionForward(handle, one, of.x(), Addresses.of(x), of.weight(),
                    Addresses.of(weight), of.convolution(), id, space, bytes, zero, of.y(), Addresses.of(y)),
                    "cudnnConvolutionForward");
            case X -> checkDnn(JCudnn.cudnnConvolutionBackwardData(handle, one, of.weight(), Addresses.of(weight),
                    of.y(), Addresses.of(y), of.convolution(), id, space, bytes, zero, of.x(), Addresses.of(x)),
                    "cudnnConvolutionBackwardData");
            case WEIGHT -> checkDnn(JCudnn.cudnnConvolutionBackwardFilter(handle, one, of.x(), Addresses.of(x),
                    of.y(), Addresses.of(y), of.convolution(), id, space, bytes, zero, of.weight(),
                    Addresses.of(weight)), "cudnnConvolutionBackwardFilter");
        }
    }
}
