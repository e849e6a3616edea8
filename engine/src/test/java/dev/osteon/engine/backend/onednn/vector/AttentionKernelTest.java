package dev.osteon.engine.backend.onednn.vector;

import static dev.osteon.engine.conformance.Operand.normal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.conformance.Conformance;
import dev.osteon.engine.conformance.OpSample;
import dev.osteon.engine.conformance.Operand;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Attention;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Scores in rows and in columns: few and many queries and keys, more than a step takes and less than a vector. */
class AttentionKernelTest {

    @ParameterizedTest
    @CsvSource({"1, 1, 1, 1", "12, 4096, 16, 16", "300, 12, 16, 16", "33, 65, 20, 7", "70, 200, 32, 40"})
    void withAndWithoutBias(int queries, int keys, int depth, int width) {
        Operand q = normal(2, queries, 3, depth);
        Operand k = normal(2, keys, 3, depth);
        Operand v = normal(2, keys, 3, width);
        for (Operand[] operands : new Operand[][] {{q, k, v}, {q, k, v, normal(3, queries, keys)}}) {
            Conformance.Outcome outcome = Conformance.against(OpSample.of("attention", new Attention(0.3), operands),
                    Device.CPU);
            assertThat(outcome.passed()).as(outcome.detail()).isTrue();
        }
    }

    @Test
    void largeValuesAreWeightedBeforeTheyAreAddedUp() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor q = Ops.full(Device.CPU, Shape.of(1, 5, 1, 2), DType.F32, 1);
            Tensor k = Ops.full(Device.CPU, Shape.of(1, 64, 1, 2), DType.F32, 1);
            Tensor v = Ops.full(Device.CPU, Shape.of(1, 64, 1, 3), DType.F32, 0x1p126);
            assertThat(Dispatcher.run(new Attention(1), q, k, v).toFloats()).hasSize(15).containsOnly(0x1p126f);
        }
    }

    @Test
    void withoutKeysNothingIsAddedUp() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor q = Ops.full(Device.CPU, Shape.of(1, 5, 1, 2), DType.F32, 1);
            Tensor none = Ops.full(Device.CPU, Shape.of(1, 0, 1, 2), DType.F32, 1);
            Tensor bias = Ops.full(Device.CPU, Shape.of(5, 0), DType.F32, 1);
            assertThat(Dispatcher.run(new Attention(1), q, none, none).toFloats()).hasSize(10).containsOnly(0);
            assertThat(Dispatcher.run(new Attention(1), q, none, none, bias).toFloats()).hasSize(10).containsOnly(0);
        }
    }

    /** A query that is no number has no result, and takes nobody else's. */
    @Test
    void whatIsNoNumberStaysWithItsQuery() {
        try (TensorScope scope = TensorScope.open()) {
            float[] numbers = new float[40];
            numbers[17] = Float.NaN;
            Tensor q = Tensor.of(Device.CPU, Shape.of(1, 40, 1, 1), numbers);
            Tensor ones = Ops.full(Device.CPU, Shape.of(1, 9, 1, 1), DType.F32, 1);
            float[] results = Dispatcher.run(new Attention(1), q, ones, ones).toFloats();
            assertThat(IntStream.range(0, 40).filter(i -> Float.isNaN(results[i]))).containsExactly(17);
            assertThat(results[18]).isEqualTo(1);
        }
    }
}
