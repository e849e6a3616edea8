package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.autograd.GradCheck;
import dev.osteon.engine.backend.cuda.ConvolutionShape.Direction;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Conv2dBackwardWeights;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Convolutions of single pixels as products, against the reference; whether they are chosen is a matter of time. */
class CudaProductPlanTest {

    private static final Conv2d PIXELS = new Conv2d(Window.ONE, Window.ZERO, Window.ONE, 1);
    private static final Shape X = Shape.of(3, 5, 2, 7);
    private static final Shape WEIGHT = Shape.of(4, 5, 1, 1);
    private static final Shape Y = Shape.of(3, 4, 2, 7);

    private static Tensor random(Device device, Shape shape) {
        return GradCheck.weights(Ops.full(device, shape, DType.F32, 0)).to(Layout.NHWC);
    }

    private static Optional<ProductPlan> plan(Direction direction, Conv2d op, Shape weight, DType type, Layout layout) {
        return ProductPlan.of(new Blas(CudaEmulator.backend().cuda()), new ConvolutionShape(direction, op, X, weight, Y,
                type, layout));
    }

    private static Tensor expected(Direction direction, Tensor x, Tensor weight, Tensor y) {
        return switch (direction) {
            case Y -> Dispatcher.run(PIXELS, x, weight);
            case X -> Dispatcher.run(new ConvTranspose2d(Window.ONE, Window.ZERO, Window.ZERO, Window.ONE, 1), y,
                    weight);
            case ONTO_X -> x.add(expected(Direction.X, x, weight, y));
            case WEIGHT -> Dispatcher.run(new Conv2dBackwardWeights(PIXELS, Window.ONE), x, y);
        };
    }

    @Test
    void everyDirectionIsTheConvolution() {
        Device gpu = CudaEmulator.backend().device();
        for (Direction direction : Direction.values()) {
            try (TensorScope _ = TensorScope.open()) {
                Tensor x = random(gpu, X);
                Tensor weight = random(gpu, WEIGHT);
                Tensor y = random(gpu, Y).add(1).to(Layout.NHWC);
                double[] wanted = expected(direction, random(Device.REFERENCE, X), random(Device.REFERENCE, WEIGHT),
                        random(Device.REFERENCE, Y).add(1)).toDoubles();
                plan(direction, PIXELS, WEIGHT, DType.F32, Layout.NHWC).orElseThrow().run(
                        new Operands(x.segment().address(), weight.segment().address(), y.segment().address()), 0);
                Tensor computed = switch (direction) {
                    case Y -> y;
                    case X, ONTO_X -> x;
                    case WEIGHT -> weight;
                };
                assertThat(computed.toDoubles()).as(direction.name()).containsExactly(wanted, within(1e-5));
            }
        }
    }

    @Test
    void whatIsMoreThanAProductIsNone() {
        assertThat(plan(Direction.Y, PIXELS, WEIGHT, DType.F32, Layout.ROW_MAJOR)).isEmpty();
        assertThat(plan(Direction.Y, PIXELS, WEIGHT, DType.BF16, Layout.NHWC)).isEmpty();
        assertThat(plan(Direction.Y, PIXELS, Shape.of(4, 5, 1, 3), DType.F32, Layout.NHWC)).isEmpty();
        assertThat(plan(Direction.Y, new Conv2d(Window.square(2), Window.ZERO, Window.ONE, 1), WEIGHT, DType.F32,
                Layout.NHWC)).isEmpty();
        assertThat(plan(Direction.Y, new Conv2d(Window.ONE, Window.ONE, Window.ONE, 1), WEIGHT, DType.F32,
                Layout.NHWC)).isEmpty();
        assertThat(plan(Direction.Y, new Conv2d(Window.ONE, Window.ZERO, Window.ONE, 2), WEIGHT, DType.F32,
                Layout.NHWC)).isEmpty();
    }
}
