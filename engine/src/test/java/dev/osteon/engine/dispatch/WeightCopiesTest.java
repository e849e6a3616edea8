package dev.osteon.engine.dispatch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Recomputation;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.MultiTensorSum;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.op.StepOperands;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Copies of weights for the time of a step, in place of a cast at each use. */
class WeightCopiesTest {

    private static final int RUNS = 3;
    private final long before = Tensor.live();

    @AfterEach
    void nothingLeaks() {
        assertThat(Tensor.live()).isEqualTo(before);
    }

    /** What becomes of the weights of a step, and of its activations. */
    private enum Way {
        CAST, COPIED, COPIED_AND_RECOMPUTED
    }

    private static Tensor numbers(int seed, int... dims) {
        Shape shape = Shape.of(dims);
        float[] values = new float[Math.toIntExact(shape.size())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(seed * 31 + i * 0.7);
        }
        return Tensor.of(Device.CPU, shape, values);
    }

    private static List<Tensor> parameters() {
        return List.of(numbers(1, 4, 3, 3, 3), numbers(2, 4, 4, 3, 3), numbers(3, 5, 4), numbers(4, 5));
    }

    /** Two convolutions and a product with bias, for images of several sizes. */
    private static Tensor loss(List<Tensor> parameters, Way way) {
        Conv2d conv = new Conv2d(Window.ONE, Window.ONE, Window.ONE, 1);
        UnaryOperator<Tensor> body = x -> Ops.relu(Dispatcher.run(conv, Ops.relu(Dispatcher.run(conv, x,
                parameters.get(0))), parameters.get(1)));
        Tensor sum = Ops.full(Device.CPU, Shape.of(1), DType.F32, 0);
        for (int run = 0; run < RUNS; run++) {
            Tensor x = numbers(10 + run, 2, 3, 5 + run, 6).to(Layout.NHWC);
            Tensor h = way == Way.COPIED_AND_RECOMPUTED ? Recomputation.of(body, x) : body.apply(x);
            Tensor pooled = Ops.reshape(Ops.mean(h, 2, 3), 2, 4);
            Tensor y = Ops.linear(pooled, parameters.get(2), parameters.get(3)).to(DType.F32);
            sum = sum.add(Ops.reshape(Ops.sum(y.mul(y)), 1));
        }
        return sum;
    }

    /** The loss and the gradients of all parameters. */
    private static List<double[]> step(List<Tensor> parameters, DType type, Way way) {
        List<double[]> values = new ArrayList<>();
        try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(parameters);
                WeightCopies copies = WeightCopies.of(way == Way.CAST ? List.of() : parameters, type)) {
            Tensor[] loss = new Tensor[1];
            Dispatcher.autocast(type, () -> loss[0] = loss(parameters, way));
            try (Gradients gradients = tape.gradients(loss[0], parameters)) {
                values.add(loss[0].toDoubles());
                for (Tensor parameter : parameters) {
                    assertThat(gradients.of(parameter).spec()).isEqualTo(parameter.spec());
                    values.add(gradients.of(parameter).toDoubles());
                }
            }
        }
        return values;
    }

    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void lossAndGradientsAreThoseOfSingleCastsToTheBit(DType type) {
        try (TensorScope scope = TensorScope.open()) {
            List<double[]> expected = step(parameters(), type, Way.CAST);
            for (Way way : List.of(Way.COPIED, Way.COPIED_AND_RECOMPUTED)) {
                List<double[]> got = step(parameters(), type, way);
                for (int i = 0; i < expected.size(); i++) {
                    assertThat(got.get(i)).as("%s, %d", way, i).containsExactly(expected.get(i));
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Way.class)
    void noWeightIsCastByItselfWhereThereIsACopy(Way way) {
        List<Op> sums = new ArrayList<>();
        List<Tensor> cast = new ArrayList<>();
        OpListener listener = (op, in, out, nanos) -> {
            if (op instanceof Cast) {
                cast.addAll(in);
            } else if (op instanceof MultiTensorSum) {
                sums.add(op);
            }
        };
        try (TensorScope scope = TensorScope.open(); Dispatcher.Registration _ = Dispatcher.listen(listener)) {
            List<Tensor> parameters = parameters();
            step(parameters, DType.BF16, way);
            List<Tensor> weights = parameters.subList(0, 3);
            long castWeights = cast.stream().filter(weights::contains).count();
            long castGradients = cast.stream().filter(t -> t.dtype() == DType.BF16 && weights.stream()
                    .anyMatch(w -> w.shape().equals(t.shape()))).count();
            assertThat(castWeights).isEqualTo(way == Way.CAST ? RUNS * weights.size() : 0);
            assertThat(castGradients).isEqualTo(way == Way.CAST ? RUNS * weights.size() : 0);
            assertThat(sums).as("the copies, and the gradients").hasSize(way == Way.CAST ? 1 : 2);
        }
    }

    /** An optimiser's step while copies are open leaves no stale one. */
    @Test
    void whatAnOperationChangesHasNoCopyAnyMore() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor w = Tensor.of(Device.CPU, Shape.of(1, 1), 2f);
            Tensor v = Tensor.of(Device.CPU, Shape.of(1, 1), 3f);
            Tensor x = Tensor.of(Device.CPU, Shape.of(1, 1), 1f);
            try (WeightCopies copies = WeightCopies.of(List.of(w, v), DType.BF16)) {
                assertThat(product(x, w)).isEqualTo(2);
                Tensor one = Tensor.of(Device.CPU, Shape.of(1, 1), 1f);
                Tensor momentum = Tensor.of(Device.CPU, Shape.of(1, 1), 0f);
                Dispatcher.runAll(new SgdStep(0, 0, SgdStep.Nesterov.NO), new StepOperands(List.of(w, one, momentum),
                        Tensor.of(Device.CPU, Shape.of(1), 0.5f), Optional.empty()).inOrder());
                assertThat(product(x, w)).isEqualTo(1.5);
                assertThat(product(x, v)).isEqualTo(3);
            }
        }
    }

    private static double product(Tensor x, Tensor w) {
        Tensor[] y = new Tensor[1];
        Dispatcher.autocast(DType.BF16, () -> y[0] = Ops.linear(x, w));
        return y[0].item();
    }

    @Test
    void innerCopiesCountAndOuterOnesAreThereAgain() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor w = numbers(1, 2, 2);
            try (WeightCopies outer = WeightCopies.of(List.of(w), DType.BF16)) {
                try (WeightCopies inner = WeightCopies.of(List.of(w), DType.F16)) {
                    assertThat(WeightCopies.find(w, DType.BF16)).isEmpty();
                    assertThat(WeightCopies.find(w, DType.F16)).map(Tensor::dtype).contains(DType.F16);
                }
                assertThat(WeightCopies.find(w, DType.BF16)).map(Tensor::dtype).contains(DType.BF16);
            }
            assertThat(WeightCopies.areThere()).isFalse();
        }
    }
}
