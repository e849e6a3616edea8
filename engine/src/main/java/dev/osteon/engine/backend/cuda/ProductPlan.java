package dev.osteon.engine.backend.cuda;

import dev.osteon.engine.backend.cuda.Blas.Factor;
import dev.osteon.engine.backend.cuda.Blas.Precision;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import java.util.Optional;

/**
 * A convolution of single pixels as one product of matrices: in channels-last memory x is [pixels, C], the weight
 * [O, C] and y [pixels, O]. For float32 alone: there cuDNN's deterministic engines did 9 to 20 TFLOP/s on an H100,
 * whose large products reach 50; in 16 bits they run at the memory's rate, and cuBLAS may round partial sums.
 */
record ProductPlan(Blas blas, ConvolutionShape.Direction direction, int pixels, int inputs, int outputs)
        implements Plan {

    /** The plan for a shape that is such a product. */
    static Optional<ProductPlan> of(Blas blas, ConvolutionShape shape) {
        long pixels = shape.y().size() / Math.max(1, shape.y().dim(1));
        boolean product = shape.layout() == Layout.NHWC && shape.dtype() == DType.F32 && shape.op().groups() == 1
                && shape.weight().dim(2) == 1 && shape.weight().dim(3) == 1 && shape.op().stride().equals(Window.ONE)
                && shape.op().padding().equals(Window.ZERO) && pixels <= Integer.MAX_VALUE;
        return product ? Optional.of(new ProductPlan(blas, shape.direction(), (int) pixels, shape.weight().dim(1),
                shape.weight().dim(0))) : Optional.empty();
    }

    @Override
    public long workspace() {
        return 0;
    }

    @Override
    public void run(Operands at, long space) {
        switch (direction) {
            case Y -> blas.multiply(pixels, outputs, inputs, plain(at.x()), turned(at.weight()), at.y(), 1, DType.F32,
                    Precision.AS_CONFIGURED);
            case X -> blas.multiply(pixels, inputs, outputs, plain(at.y()), plain(at.weight()), at.x(), 1, DType.F32,
                    Precision.AS_CONFIGURED);
            case ONTO_X -> blas.multiplyOnto(pixels, inputs, outputs, plain(at.y()), plain(at.weight()), at.x(), 1,
                    DType.F32, Precision.AS_CONFIGURED);
            case WEIGHT -> blas.multiply(outputs, inputs, pixels, turned(at.y()), plain(at.x()), at.weight(), 1,
                    DType.F32, Precision.AS_CONFIGURED);
        }
    }

    private static Factor plain(long address) {
        return new Factor(address, false, 0);
    }

    private static Factor turned(long address) {
        return new Factor(address, true, 0);
    }

    @Override
    public void close() {
        // it holds nothing
    }
}
