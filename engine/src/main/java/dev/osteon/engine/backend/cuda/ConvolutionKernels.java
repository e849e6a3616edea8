package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.backend.cuda.CudaFailure.check;

import dev.osteon.engine.backend.KernelTable.Layouts;
import dev.osteon.engine.backend.cuda.ConvolutionShape.Direction;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Conv2dBackwardWeights;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.ConvTranspose2dOnto;
import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import jcuda.driver.JCudaDriver;

/**
 * Convolutions by cuDNN, or by cuBLAS where that is faster: channels-last as soon as one of the images is, and then
 * weights that do not lie as [O, kh, kw, C] are brought to that for the time of the call; row-major where cuDNN has no
 * such algorithm. A transposed convolution is the gradient of one with respect to its image.
 */
record ConvolutionKernels(CudaRuntime cuda, Dnn dnn) {

    void register(Registrar to) {
        to.put(Conv2d.class, Layouts.ANY, Registrar.F32_OR_LOW, this::conv2d)
                .put(ConvTranspose2d.class, Layouts.ANY, Registrar.F32_OR_LOW, this::convTranspose2d)
                .put(ConvTranspose2dOnto.class, Layouts.ANY, Registrar.F32_OR_LOW, this::convTranspose2dOnto)
                .put(Conv2dBackwardWeights.class, Layouts.ANY, Registrar.F32_OR_LOW, this::backwardWeights);
    }

    private void conv2d(Conv2d op, List<Tensor> in, List<Tensor> out) {
        Tensor y = out.getFirst();
        run(new ConvolutionShape(Direction.Y, op.plain(), in.get(0).shape(), in.get(1).shape(), y.shape(), y.dtype(),
                layout(in.get(0), y), Ending.of(in, op.epilogue())), in.get(0), in.get(1), y, Ending.biasOf(in));
    }

    private void convTranspose2d(ConvTranspose2d op, List<Tensor> in, List<Tensor> out) {
        Tensor y = out.getFirst();
        run(new ConvolutionShape(Direction.X, op.convolution(), y.shape(), in.get(1).shape(), in.get(0).shape(),
                y.dtype(), layout(in.get(0), y), Ending.of(in, Epilogue.NONE)), y, in.get(1), in.get(0),
                Ending.biasOf(in));
    }

    /** By cuDNN where it has an engine that adds; otherwise, and that is noted, in a pass of its own. */
    private void convTranspose2dOnto(ConvTranspose2dOnto op, List<Tensor> in, List<Tensor> out) {
        Tensor dy = in.get(0);
        Tensor weight = in.get(1);
        Tensor dx = in.get(2);
        ConvolutionShape shape = new ConvolutionShape(Direction.ONTO_X, op.transpose().convolution(), dx.shape(),
                weight.shape(), dy.shape(), dx.dtype(), layout(dy, dx));
        boolean nothing = in.stream().anyMatch(t -> t.size() == 0);
        if (nothing || dnn.mayTake(shape) && attempt(shape, dx, weight, dy, 0)) {
            return;
        }
        try (TensorScope scope = TensorScope.open()) {
            Tensor added = Tensor.empty(dx.device(), dx.spec(), "what is added by " + op.name());
            run(shape.toward(Direction.X), added, weight, dy, 0);
            PointwiseKernels.addTo(cuda, dx, added);
        }
    }

    private void backwardWeights(Conv2dBackwardWeights op, List<Tensor> in, List<Tensor> out) {
        Tensor dw = out.getFirst();
        run(new ConvolutionShape(Direction.WEIGHT, op.convolution(), in.get(0).shape(), dw.shape(), in.get(1).shape(),
                dw.dtype(), layout(in.get(0), in.get(1))), in.get(0), dw, in.get(1), 0);
    }

    private static Layout layout(Tensor first, Tensor second) {
        return first.layout() == Layout.NHWC || second.layout() == Layout.NHWC ? Layout.NHWC : Layout.ROW_MAJOR;
    }

    /** The two that are given are brought to the shape's layout, and the third is brought back from it. */
    private void run(ConvolutionShape shape, Tensor x, Tensor weight, Tensor y, long bias) {
        if (Stream.of(x, weight, y).anyMatch(t -> t.size() == 0)) {
            clear(shape, shape.computed(x, weight, y), bias);
        } else if (shape.layout() == Layout.ROW_MAJOR) {
            compute(shape, x, weight, y, bias);
        } else if (!(dnn.mayTake(shape) && attempt(shape, x, weight, y, bias))) {
            compute(shape.in(Layout.ROW_MAJOR), x, weight, y, bias);
        }
    }

    /** Not every convolution has an algorithm in channels-last: false, and noted, when cuDNN has none for this one. */
    private boolean attempt(ConvolutionShape shape, Tensor x, Tensor weight, Tensor y, long bias) {
        try {
            compute(shape, x, weight, y, bias);
            return true;
        } catch (NoAlgorithm e) {
            dnn.refuse(shape);
            return false;
        }
    }

    private void compute(ConvolutionShape shape, Tensor x, Tensor weight, Tensor y, long bias) {
        Tensor result = shape.computed(x, weight, y);
        try (Temporaries temporary = new Temporaries(cuda)) {
            boolean direct = result.spec().liesAs(shape.layout());
            long target = direct || shape.direction() == Direction.ONTO_X ? temporary.in(shape.layout(), result)
                    : temporary.bytes(result.spec().bytes(), "result of " + shape.direction());
            dnn.run(shape, new Operands(x == result ? target : temporary.in(shape.layout(), x),
                    weight == result ? target : temporary.in(shape.layout(), weight),
                    y == result ? target : temporary.in(shape.layout(), y), bias));
            if (!direct) {
                Moves.relayout(cuda, result.shape(), result.dtype().bytes(), target, shape.layout(),
                        result.segment().address(), result.layout());
            }
        }
    }

    /** Without images, or without channels, nothing is summed: what is left is what follows. */
    private void clear(ConvolutionShape shape, Tensor result, long bias) {
        cuda.enter();
        if (result.size() > 0) {
            cuda.note("clear", result.spec());
            check(JCudaDriver.cuMemsetD8Async(Addresses.device(result.segment().address()), (byte) 0,
                    result.spec().bytes(), cuda.stream()), "cuMemsetD8Async");
            PointwiseKernels.end(cuda, shape.ending(), shape.dtype(), result.segment().address(), result.size(), bias,
                    shape.channels(), shape.in(result.layout()).inner());
        }
    }
}
