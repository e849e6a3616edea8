package dev.osteon.ssl.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.autograd.GradCheck;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MultiViewNtXentTest {

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor indexes(Device device, int... values) {
        return Tensor.of(device, Shape.of(values.length), values);
    }

    @Test
    void twoViewsAreNtXent() {
        Tensor a = Normal.rows(1, 3, 4);
        Tensor b = Normal.rows(2, 3, 4);
        assertThat(new MultiViewNtXent(0.3).loss(Ops.concat(0, a, b), indexes(Device.REFERENCE, 0, 1, 2, 0, 1, 2))
                .item()).isCloseTo(new NtXent(0.3).loss(a, b).item(), within(1e-12));
    }

    @Test
    void theLogarithmIsOutsideTheSumOverPositives() {
        // four equal rows of one sample and none of another: all mass is on positives, log 1 = 0 (SupCon: log 3)
        Tensor z = Tensor.of(Device.REFERENCE, Shape.of(4, 2), DType.F64, 1, 2, 1, 2, 1, 2, 1, 2);
        assertThat(new MultiViewNtXent(0.1).loss(z, indexes(Device.REFERENCE, 5, 5, 5, 5)).item())
                .isCloseTo(0, within(1e-12));
    }

    @Test
    void gradientAgreesWithDifferencesAndStaysFinite() {
        Tensor y = indexes(Device.REFERENCE, 0, 1, 0, 1, 0, 1);
        assertThat(GradCheck.check(z -> new MultiViewNtXent(0.3).loss(z.getFirst(), y), List.of(Normal.rows(1, 6, 3)),
                List.of(0)).error()).isLessThan(1e-7);
        for (double scale : new double[] {1e-3, 1, 1e3}) {
            assertThat(new MultiViewNtXent(0.07).loss(Normal.rows(Device.CPU, DType.BF16, 1, 6, 3, scale),
                    indexes(Device.CPU, 0, 1, 0, 1, 0, 1)).item()).isFinite();
        }
    }
}
