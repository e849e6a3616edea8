package dev.osteon.ssl.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.autograd.GradCheck;
import dev.osteon.engine.autograd.Gradients;
import dev.osteon.engine.autograd.Tape;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.nn.Initializer;
import dev.osteon.ssl.loss.MultiCropLoss.Reduction;
import java.util.List;
import java.util.Optional;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SwavTest {

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Swav swav(Device device, DType dtype, int prototypes, int dim, int freeze, int queue) {
        return new Swav(Initializer.on(device, dtype, 3), dim, 2, new Swav.Settings(prototypes, 0.5, 0.5, 1, freeze,
                queue, 1), Reduction.MEAN);
    }

    private static Batch at(int epoch, long iteration, List<Tensor> views) {
        return new Batch(views, Optional.empty(), new Batch.Moment(epoch, iteration));
    }

    @Test
    void twoSamplesByHand() {
        // samples and prototypes along the axes; S = I, exp(S / 0.5) = [[e², 1], [1, e²]] is already balanced
        try (Swav swav = swav(Device.REFERENCE, DType.F64, 2, 2, 0, 0)) {
            swav.prototypes().weight().assign(5, 0, 0, 3);
            swav.beforeForward();
            Tensor z = Tensor.of(Device.REFERENCE, Shape.of(2, 2), DType.F64, 2, 0, 0, 7);
            double q = Math.exp(2) / (Math.exp(2) + 1);     // and p is the same, the temperature being 0.5, too
            assertThat(swav.loss(Batch.of(List.of(z, z, z))).item())
                    .isCloseTo(-q * Math.log(q) - (1 - q) * Math.log(1 - q), within(1e-12));
        }
    }

    @Test
    void prototypesHaveLengthOneBeforeEachForward() {
        try (Swav swav = swav(Device.CPU, DType.F32, 5, 4, 0, 0)) {
            long live = Tensor.live();
            swav.beforeForward();
            assertThat(Tensor.live()).isEqualTo(live);
            assertThat(DoubleStream.of(Ops.norm(swav.prototypes().weight().tensor(), 1).toDoubles()).boxed())
                    .allSatisfy(n -> assertThat(n).isCloseTo(1, within(1e-6)));
        }
    }

    @Test
    void gradientAgreesWithDifferencesWhenCodesAreConstant() {
        // codes do not depend on view 3, so its gradient is that of the whole loss
        try (Swav swav = swav(Device.REFERENCE, DType.F64, 5, 4, 0, 0)) {
            swav.beforeForward();
            List<Tensor> views = List.of(Normal.rows(1, 3, 4), Normal.rows(2, 3, 4), Normal.rows(3, 3, 4));
            assertThat(GradCheck.check(z -> swav.loss(Batch.of(z)), views, List.of(2)).error()).isLessThan(1e-7);
        }
    }

    @Test
    void theSumIsTheMeanTimesTheNumberOfPairs() {
        List<Tensor> views = List.of(Normal.rows(1, 3, 4), Normal.rows(2, 3, 4), Normal.rows(3, 3, 4));
        Initializer init = Initializer.on(Device.REFERENCE, DType.F64, 3);
        try (Swav sum = new Swav(init, 4, 3, Swav.Settings.IMAGENET, Reduction.SUM);
                Swav mean = new Swav(init, 4, 3, Swav.Settings.IMAGENET, Reduction.MEAN)) {
            assertThat(sum.loss(Batch.of(views)).item()).isCloseTo(4 * mean.loss(Batch.of(views)).item(), within(1e-9));
        }
    }

    @Test
    void frozenPrototypesHaveNoGradient() {
        try (Swav swav = swav(Device.REFERENCE, DType.F64, 5, 4, 2, 0)) {
            Tensor prototypes = swav.prototypes().weight().tensor();
            for (int iteration = 0; iteration < 4; iteration++) {
                Batch batch = at(0, iteration, List.of(Normal.rows(1, 2, 4), Normal.rows(2, 2, 4)));
                try (Tape tape = Tape.watching(prototypes);
                        Gradients gradients = tape.gradients(swav.loss(batch), List.of(prototypes))) {
                    swav.beforeUpdate(gradients, batch.moment());
                    assertThat(gradients.find(prototypes).isPresent()).isEqualTo(iteration >= 2);
                }
            }
        }
    }

    @Test
    void theQueueFillsFromItsEpochNewestInFrontAndIsSavedState() {
        // 5 rows asked for and batches of 2: 4 rows
        try (Swav swav = swav(Device.REFERENCE, DType.F64, 5, 4, 0, 5)) {
            assertThat(swav.state().parameters().keySet()).containsExactly("prototypes.weight");
            assertThat(swav.state().buffers().keySet()).containsExactly("queue.view0", "queue.view1");
            assertThat(swav.state().buffers().get("queue.view0").shape()).isEqualTo(Shape.of(4, 4));
            List<Tensor> first = List.of(Normal.rows(1, 2, 4), Normal.rows(2, 2, 4));
            List<Tensor> second = List.of(Normal.rows(3, 2, 4), Normal.rows(4, 2, 4));
            swav.loss(at(0, 0, first));
            assertThat(swav.state().buffers().get("queue.view0").values()).containsOnly(0);
            double alone = swav.loss(at(0, 1, second)).item();
            swav.loss(at(1, 2, first));
            assertThat(swav.loss(at(1, 3, second)).item()).as("not full yet").isEqualTo(alone);
            double[] expected = Ops.l2Normalize(Ops.concat(0, second.get(1), first.get(1))).toDoubles();
            assertThat(swav.state().buffers().get("queue.view1").values()).containsExactly(expected, within(1e-15));
            assertThat(swav.loss(at(1, 4, second)).item()).as("full: other samples count").isNotEqualTo(alone);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {1e-3, 1, 1e3})
    void staysFinite(double scale) {
        for (DType dtype : List.of(DType.F32, DType.BF16)) {
            try (Swav swav = new Swav(Initializer.on(Device.CPU, DType.F32, 1), 8, 16, new Swav.Settings(30, 0.1, 0.05,
                    3, 0, 32, 0), Reduction.SUM)) {
                List<Tensor> z = List.of(Normal.rows(Device.CPU, dtype, 1, 16, 8, scale),
                        Normal.rows(Device.CPU, dtype, 2, 16, 8, scale));
                for (int step = 0; step < 4; step++) {
                    swav.beforeForward();
                    try (Tape tape = Tape.watching(z)) {
                        Tensor loss = swav.loss(Batch.of(z));
                        assertThat(loss.item()).isFinite();
                        try (Gradients gradients = tape.gradients(loss, z)) {
                            assertThat(DoubleStream.of(gradients.of(z.getFirst()).toDoubles()).boxed())
                                    .allMatch(Double::isFinite);
                        }
                    }
                }
            }
        }
    }

    @Test
    void badSettingsAreNamed() {
        assertThatThrownBy(() -> new Swav.Settings(1, 0.1, 0.05, 3, 0, 0, 0)).hasMessageContaining("prototypes");
        assertThatThrownBy(() -> new Swav.Settings(5, 0.1, 0.05, 3, 0, -1, 0)).hasMessageContaining("queue");
    }
}
