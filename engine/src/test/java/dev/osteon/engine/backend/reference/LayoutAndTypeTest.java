package dev.osteon.engine.backend.reference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.conformance.Conformance;
import dev.osteon.engine.conformance.OpSample;
import dev.osteon.engine.conformance.OpSamples;
import dev.osteon.engine.conformance.Operand;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation gives the same whatever the layout and the floating type of its operands. */
class LayoutAndTypeTest {

    static List<OpSample> samples() {
        return OpSamples.all();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void layoutDoesNotMatter(OpSample sample) {
        List<double[]> rowMajor = results(sample, Layout.ROW_MAJOR, DType.F64);
        List<double[]> channelsLast = results(sample, Layout.NHWC, DType.F64);
        assertThat(rowMajor).isNotEmpty();
        for (int i = 0; i < rowMajor.size(); i++) {
            assertThat(channelsLast.get(i)).as("result %d", i).containsExactly(rowMajor.get(i));
        }
    }

    @ParameterizedTest
    @MethodSource("samples")
    void float32IsRoundedFloat64(OpSample sample) {
        Conformance.Outcome outcome = Conformance.against(sample, Device.REFERENCE);
        assertThat(outcome.passed()).as(outcome.detail()).isTrue();
    }

    private static List<double[]> results(OpSample sample, Layout layout, DType floating) {
        try (TensorScope scope = TensorScope.open()) {
            SplittableRandom random = new SplittableRandom(1);
            List<Tensor> operands = sample.operands().stream()
                    .map(o -> new Operand(o.shape(), o.values(), o.shape().rank() == 4 ? layout : Layout.ROW_MAJOR))
                    .map(o -> o.make(Device.REFERENCE, floating, random)).toList();
            List<Tensor> outputs = Dispatcher.runAll(sample.op(), operands);
            return (outputs.isEmpty() ? operands : outputs).stream().map(Tensor::toDoubles).toList();
        }
    }
}
