package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.checkDnn;

import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionBwdFilterAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionFwdAlgoPerf;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnTensorDescriptor;

/** cuDNN's descriptions of a convolution's tensors and attributes. They live as long as the process. */
record ConvolutionDescriptors(cudnnTensorDescriptor x, cudnnFilterDescriptor weight, cudnnTensorDescriptor y,
        cudnnConvolutionDescriptor convolution) {

    private static final int NCHW = 0;
    private static final int NHWC = 1;
    private static final int FLOAT = 0;
    private static final int HALF = 2;
    private static final int BFLOAT16 = 9;
    private static final int CROSS_CORRELATION = 1;
    private static final int TENSOR_OP_MATH = 1;
    /** Float32 with all of its digits; the default would allow TF32. */
    private static final int FMA_MATH = 3;
    private static final int DETERMINISTIC = 1;
    private static final int CANDIDATES = 10;

    static ConvolutionDescriptors of(ConvolutionShape shape) {
        int type = shape.dtype() == DType.F32 ? FLOAT : shape.dtype() == DType.F16 ? HALF : BFLOAT16;
        int format = shape.layout() == Layout.NHWC ? NHWC : NCHW;
        cudnnFilterDescriptor weight = new cudnnFilterDescriptor();
        checkDnn(JCudnn.cudnnCreateFilterDescriptor(weight), "cudnnCreateFilterDescriptor");
        Shape w = shape.weight();
        checkDnn(JCudnn.cudnnSetFilter4dDescriptor(weight, type, format, w.dim(0), w.dim(1), w.dim(2), w.dim(3)),
                "cudnnSetFilter4dDescriptor");
        cudnnConvolutionDescriptor convolution = new cudnnConvolutionDescriptor();
        checkDnn(JCudnn.cudnnCreateConvolutionDescriptor(convolution), "cudnnCreateConvolutionDescriptor");
        Conv2d op = shape.op();
        checkDnn(JCudnn.cudnnSetConvolution2dDescriptor(convolution, op.padding().height(), op.padding().width(),
                op.stride().height(), op.stride().width(), op.dilation().height(), op.dilation().width(),
                CROSS_CORRELATION, FLOAT), "cudnnSetConvolution2dDescriptor");
        checkDnn(JCudnn.cudnnSetConvolutionGroupCount(convolution, op.groups()), "cudnnSetConvolutionGroupCount");
        ConvolutionDescriptors all = new ConvolutionDescriptors(tensor(shape.x(), type, format), weight,
                tensor(shape.y(), type, format), convolution);
        boolean exact = shape.dtype() == DType.F32 && !Boolean.getBoolean("osteon.cuda.tf32");
        all.mathType(exact ? FMA_MATH : TENSOR_OP_MATH);
        return all;
    }

    private static cudnnTensorDescriptor tensor(Shape shape, int type, int format) {
        cudnnTensorDescriptor tensor = new cudnnTensorDescriptor();
        checkDnn(JCudnn.cudnnCreateTensorDescriptor(tensor), "cudnnCreateTensorDescriptor");
        checkDnn(JCudnn.cudnnSetTensor4dDescriptor(tensor, format, type, shape.dim(0), shape.dim(1), shape.dim(2),
                shape.dim(3)), "cudnnSetTensor4dDescriptor");
        return tensor;
    }

    void mathType(int type) {
        checkDnn(JCudnn.cudnnSetConvolutionMathType(convolution, type), "cudnnSetConvolutionMathType");
    }

    /** What cuDNN says of one algorithm. */
    private record Candidate(AlgorithmCache.Algorithm algorithm, int status, int determinism) {}

    /**
     * The fastest deterministic algorithm, by trying all on the memory given; overwrites what the direction computes.
     */
    AlgorithmCache.Algorithm measure(cudnnHandle handle, ConvolutionShape shape, long xAt, long weightAt, long yAt,
            long workspace, long bytes) {
        int[] count = new int[1];
        Pointer xs = Addresses.of(xAt);
        Pointer weights = Addresses.of(weightAt);
        Pointer ys = Addresses.of(yAt);
        Pointer space = Addresses.of(workspace);
        IntFunction<Candidate> candidate = switch (shape.direction()) {
            case Y -> {
                var results = fill(new cudnnConvolutionFwdAlgoPerf[CANDIDATES], i -> new cudnnConvolutionFwdAlgoPerf());
                checkDnn(JCudnn.cudnnFindConvolutionForwardAlgorithmEx(handle, x, xs, weight, weights, convolution, y,
                        ys, CANDIDATES, count, results, space, bytes), "cudnnFindConvolutionForwardAlgorithmEx");
                yield i -> new Candidate(new AlgorithmCache.Algorithm(results[i].algo, results[i].mathType,
                        results[i].memory), results[i].status, results[i].determinism);
            }
            case X -> {
                var results = fill(new cudnnConvolutionBwdDataAlgoPerf[CANDIDATES],
                        i -> new cudnnConvolutionBwdDataAlgoPerf());
                checkDnn(JCudnn.cudnnFindConvolutionBackwardDataAlgorithmEx(handle, weight, weights, y, ys,
                        convolution, x, xs, CANDIDATES, count, results, space, bytes),
                        "cudnnFindConvolutionBackwardDataAlgorithmEx");
                yield i -> new Candidate(new AlgorithmCache.Algorithm(results[i].algo, results[i].mathType,
                        results[i].memory), results[i].status, results[i].determinism);
            }
            case WEIGHT -> {
                var results = fill(new cudnnConvolutionBwdFilterAlgoPerf[CANDIDATES],
                        i -> new cudnnConvolutionBwdFilterAlgoPerf());
                checkDnn(JCudnn.cudnnFindConvolutionBackwardFilterAlgorithmEx(handle, x, xs, y, ys, convolution,
                        weight, weights, CANDIDATES, count, results, space, bytes),
                        "cudnnFindConvolutionBackwardFilterAlgorithmEx");
                yield i -> new Candidate(new AlgorithmCache.Algorithm(results[i].algo, results[i].mathType,
                        results[i].memory), results[i].status, results[i].determinism);
            }
        };
        return IntStream.range(0, count[0]).mapToObj(candidate)
                .filter(c -> c.status == 0 && c.determinism == DETERMINISTIC && c.algorithm.workspace() <= bytes)
                .findFirst().map(Candidate::algorithm)
                .orElseThrow(() -> new CudaFailure("cuDNN has no deterministic algorithm for " + shape));
    }

    private static <T> T[] fill(T[] array, IntFunction<T> make) {
        Arrays.setAll(array, make);
        return array;
    }
}
