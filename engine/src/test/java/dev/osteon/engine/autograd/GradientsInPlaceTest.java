package dev.osteon.engine.autograd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.osteon.engine.conformance.Conformance;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.ConvTranspose2dOnto;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Convolutions add their gradients onto what has come before, and only onto memory that is nobody else's. */
class GradientsInPlaceTest {

    private static final Conv2d SAME = new Conv2d(Window.ONE, Window.ONE, Window.ONE, 1);
    private static final Shape IMAGES = Shape.of(2, 3, 4, 4);
    private static final Shape WEIGHT = Shape.of(3, 3, 3, 3);

    private long live;

    @BeforeEach
    void count() {
        live = Tensor.live();
    }

    @AfterEach
    void nothingLeaks() {
        assertThat(Tensor.live()).as("open tensors").isEqualTo(live);
    }

    private static Tensor random(Device device, Shape shape, DType type) {
        try (TensorScope scope = TensorScope.open()) {
            return scope.keep(GradCheck.weights(Ops.full(device, shape, type, 0)));
        }
    }

    private static Tensor convolved(Tensor x, Tensor weight) {
        return Dispatcher.run(SAME, x, weight);
    }

    /** Whether gradients of images and of three weights are right; how many were added in place. */
    private static long checked(Function<List<Tensor>, Tensor> function) {
        List<Op> inPlace = new ArrayList<>();
        try (TensorScope scope = TensorScope.open();
                Dispatcher.Registration _ = Dispatcher.listen((op, in, out, nanos) -> {
                    if (op instanceof ConvTranspose2dOnto) {
                        inPlace.add(op);
                    }
                })) {
            Tensor weight = random(Device.REFERENCE, WEIGHT, DType.F64);
            List<Tensor> operands = List.of(random(Device.REFERENCE, IMAGES, DType.F64), weight, weight.mul(-0.5),
                    weight.mul(0.7), Ops.full(Device.REFERENCE, Shape.of(3), DType.F64, 1.5));
            GradCheck.Result worst = GradCheck.check(given -> {
                List<Tensor> used = new ArrayList<>(given);
                used.set(0, Ops.mul(given.getFirst(), given.getFirst()));   // what is asked for waits, and is not it
                return function.apply(used);
            }, operands, List.of(0, 1, 2, 3));
            assertThat(worst.error()).as(worst.toString()).isLessThan(Conformance.GRADIENT_TOLERANCE);
        }
        return inPlace.size();
    }

    @Test
    void threeConvolutionsOfOneTensorAddTwice() {
        assertThat(checked(in -> Ops.add(Ops.mul(convolved(in.get(0), in.get(1)), convolved(in.get(0), in.get(2))),
                convolved(in.get(0), in.get(3))))).isEqualTo(2);
    }

    @Test
    void batchNormHandsAGradientOverToBeAddedTo() {
        assertThat(checked(in -> Dispatcher.runAll(new BatchNormTrain(1e-5, Activation.RELU),
                List.of(convolved(in.get(0), in.get(1)), in.get(4), in.get(4), in.get(0))).getFirst())).isEqualTo(1);
    }

    /** An addition hands both operands one and the same gradient. */
    @Test
    void aGradientThatSeveralTensorsHaveIsLeftAsItIs() {
        assertThat(checked(in -> Ops.add(convolved(in.get(0), in.get(1)), in.get(0)))).isZero();
    }

    /** The last of those that have it may add to it; the one before has to make another. */
    @Test
    void aGradientThatWasSharedMayBeAddedToInTheEnd() {
        assertThat(checked(in -> {
            Tensor h = Ops.mul(in.get(0), in.get(0));
            return Ops.add(Ops.add(convolved(convolved(h, in.get(1)), in.get(2)), h), convolved(h, in.get(3)));
        })).isPositive();
    }

    @Test
    void aTensorUsedThreeWays() {
        assertThat(checked(in -> Ops.add(Ops.add(convolved(in.get(0), in.get(1)), in.get(0)),
                Ops.mul(convolved(in.get(0), in.get(2)), in.get(0))))).isPositive();
    }

    @Test
    void theCallersUpstreamIsLeftAsItIs() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = random(Device.CPU, IMAGES, DType.F32);
            Tensor weight = random(Device.CPU, WEIGHT, DType.F32);
            Tensor upstream = random(Device.CPU, IMAGES, DType.F32);
            double[] before = upstream.toDoubles();
            try (Tape tape = Tape.watching(x)) {
                Tensor h = x.mul(2);
                Tensor y = Ops.add(h, convolved(h, weight));
                try (Gradients gradients = tape.gradients(y, upstream, List.of(x))) {
                    assertThat(gradients.of(x).toDoubles()).isNotEqualTo(before);
                }
            }
            assertThat(upstream.toDoubles()).containsExactly(before);
        }
    }

    /** float32 and bf16 in place; of fp16 the CPU has no convolution, so it would have to change a copy. */
    @Test
    void theCpuGivesTheBitsOfSeparateOperations() {
        for (DType type : List.of(DType.F32, DType.BF16, DType.F16)) {
            try (TensorScope scope = TensorScope.open()) {
                Tensor x = random(Device.CPU, IMAGES, type);
                Tensor weight = random(Device.CPU, WEIGHT, type);
                Tensor other = weight.mul(0.5);
                double[] together = gradient(x, h -> Ops.add(Ops.mul(convolved(h, weight), convolved(h, other)), h));
                double[] apart = gradient(x, h -> Ops.add(Ops.mul(convolved(h.reshape(2, 3, 4, 4), weight),
                        convolved(h.reshape(2, 3, 4, 4), other)), h));
                assertThat(together).as(type.toString()).containsExactly(apart);
            }
        }
    }

    private static double[] gradient(Tensor x, Function<Tensor, Tensor> function) {
        try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(x)) {
            Tensor y = function.apply(x.mul(2));
            try (Gradients gradients = tape.gradients(y, GradCheck.weights(y), List.of(x))) {
                return gradients.of(x).toDoubles();
            }
        }
    }

    @Test
    void whatWouldHaveToChangeInACopyIsRefused() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor half = random(Device.CPU, IMAGES, DType.F16);
            Op onto = new ConvTranspose2dOnto(new ConvTranspose2d(Window.ONE, Window.ONE,
                    Window.ZERO, Window.ONE, 1));
            List<Tensor> operands = List.of(half, random(Device.CPU, WEIGHT, DType.F16), half.mul(2));
            assertThat(Dispatcher.canRunInPlace(onto, operands)).isFalse();
            assertThatThrownBy(() -> Dispatcher.runAll(onto, operands))
                    .hasMessageContaining("convtranspose2donto").hasMessageContaining("change in place");
        }
    }
}
