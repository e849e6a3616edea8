package dev.osteon.engine.autograd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.dispatch.OpListener;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Binary;
import dev.osteon.engine.op.MultiTensorSum;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How gradients of several uses of a tensor come together. */
class GradientSumsTest {

    private static final int TENSORS = 7;

    /** Terms of each sum, operation by operation, when each of some tensors is used so often, one after the other. */
    private static List<List<Integer>> sums(int uses, int size) {
        List<List<Integer>> sums = new ArrayList<>();
        OpListener listener = (op, in, out, nanos) -> {
            if (op instanceof MultiTensorSum all) {
                sums.add(all.sums().stream().map(MultiTensorSum.Sum::terms).toList());
            } else if (op instanceof Binary b) {
                assertThat(b.function()).isNotEqualTo(Binary.Function.ADD);
            }
        };
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> parameters = new ArrayList<>();
            for (int i = 0; i < TENSORS; i++) {
                parameters.add(Ops.full(Device.CPU, Shape.of(size), DType.F32, i));
            }
            try (Tape tape = Tape.watching(parameters)) {
                Tensor y = Ops.full(Device.CPU, Shape.of(size), DType.F32, 1);
                for (int use = 0; use < uses; use++) {
                    for (Tensor parameter : parameters) {
                        y = Ops.sub(y, parameter);
                    }
                }
                Tensor loss = Ops.sum(y);
                try (Dispatcher.Registration _ = Dispatcher.listen(listener);
                        Gradients gradients = tape.gradients(loss, parameters)) {
                    parameters.forEach(p -> assertThat(gradients.of(p).toFloats()).containsOnly(-uses));
                }
            }
        }
        return sums;
    }

    /** One operation for a network that ran up to four times. */
    @ParameterizedTest
    @CsvSource({"2, 2", "4, 4", "5, 4 2"})
    void gradientsOfAllTensorsAreAddedUpAtOnce(int uses, String terms) {
        assertThat(sums(uses, 2)).isEqualTo(Arrays.stream(terms.split(" "))
                .map(count -> Collections.nCopies(TENSORS, Integer.valueOf(count))).toList());
    }

    @Test
    void oneUseTakesNoSum() {
        assertThat(sums(1, 2)).isEmpty();
    }

    /** Of 4 MiB each, five may wait twice before more than 16 MiB is taken for it. */
    @Test
    void gradientsThatTakeTooMuchMemoryWaitNoLonger() {
        assertThat(sums(2, 1 << 20)).isEqualTo(List.of(Collections.nCopies(5, 2), Collections.nCopies(2, 2)));
    }

    @Test
    void gradientsOfMoreStepsAreAddedInPlaceOfTheFirst() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor a = Tensor.of(Device.CPU, Shape.of(1), 2f);
            Tensor b = Tensor.of(Device.CPU, Shape.of(1), 3f);
            long live = Tensor.live();
            try (Gradients all = gradients(Ops::mul, a, b); Gradients first = gradients((x, y) -> Ops.neg(x), a, b)) {
                first.add(all);
                assertThat(first.of(a).item()).isEqualTo(3 - 1);
                assertThat(first.of(b).item()).isEqualTo(2);
                assertThat(all.all()).isEmpty();
            }
            assertThat(Tensor.live()).isEqualTo(live);
        }
    }

    private interface Two {
        Tensor of(Tensor a, Tensor b);
    }

    private static Gradients gradients(Two function, Tensor a, Tensor b) {
        try (TensorScope scope = TensorScope.open(); Tape tape = Tape.watching(a, b)) {
            return tape.gradients(function.of(a, b), List.of(a, b));
        }
    }
}
