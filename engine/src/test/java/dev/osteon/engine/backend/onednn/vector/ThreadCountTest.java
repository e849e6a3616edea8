package dev.osteon.engine.backend.onednn.vector;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.conformance.OpSample;
import dev.osteon.engine.conformance.OpSamples;
import dev.osteon.engine.conformance.Operand;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.LayerNormBackward;
import dev.osteon.engine.op.MultiTensorSum;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.PairwiseCrossEntropy;
import dev.osteon.engine.op.PairwiseCrossEntropyBackward;
import dev.osteon.engine.op.Reduce;
import dev.osteon.engine.op.SelectBackward;
import dev.osteon.engine.op.Sinkhorn;
import dev.osteon.engine.op.SoftCrossEntropy;
import dev.osteon.engine.op.Softmax;
import dev.osteon.engine.op.Unary;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation gives the same bits at 1, 2 and 3 threads. */
class ThreadCountTest {

    /** The conformance suite's samples, and some that are large enough to be shared between threads. */
    static Stream<OpSample> samples() {
        List<OpSample> large = new ArrayList<>();
        for (Unary.Function function : Unary.Function.values()) {
            large.add(large(new Unary(function), Operand.positive(50_021)));
        }
        for (Reduce.Function function : Reduce.Function.values()) {
            large.add(large(new Reduce(function, List.of(0, 1)), Operand.normal(311, 733)));
            large.add(large(new Reduce(function, List.of(0)), Operand.normal(4001, 67)));
            large.add(large(new Reduce(function, List.of(0, 2, 3)), Operand.normal(3, 33, 41, 43).channelsLast()));
        }
        large.add(large(new PairwiseCrossEntropy(0.1), Operand.normal(451, 67), Operand.normal(451, 67)));
        large.add(large(new PairwiseCrossEntropy(0.1), Operand.normal(7, 65, 33), Operand.normal(7, 65, 33)));
        large.add(large(new PairwiseCrossEntropy(0.1), Operand.normal(2, 451, 33), Operand.normal(2, 451, 33)));
        large.add(large(new PairwiseCrossEntropyBackward(0.1), Operand.normal(451, 67), Operand.normal(451, 67),
                Operand.positive(451), Operand.normal(451)));
        large.add(large(new Sinkhorn(0.3, 3), Operand.normal(701, 801)));
        large.add(large(new SoftCrossEntropy(10), Operand.normal(301, 211), Operand.positive(301, 211)));
        large.add(large(new Softmax(1), Operand.normal(301, 211)));
        large.add(large(new LayerNormBackward(1), Operand.normal(701, 211), Operand.normal(701, 211),
                Operand.normal(211), Operand.normal(701), Operand.positive(701)));
        large.add(large(new SelectBackward(0, 7), Operand.normal(901, 211), Operand.index(7, DType.I64, 901)));
        large.add(OpSample.of("large multi-tensor sums", new MultiTensorSum(List.of(
                new MultiTensorSum.Sum(2, TensorSpec.of(Shape.of(70_001), DType.F32)),
                new MultiTensorSum.Sum(1, TensorSpec.of(Shape.of(50_021), DType.BF16)))), Operand.normal(70_001),
                Operand.normal(70_001), Operand.normal(50_021)));
        return Stream.concat(OpSamples.all().stream(), large.stream());
    }

    private static OpSample large(Op op, Operand... operands) {
        return OpSample.of("large " + op, op, operands);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void bitsDoNotDependOnTheThreadCount(OpSample sample) {
        int before = Parallel.threads();
        try {
            Parallel.setThreads(1);
            List<double[]> alone = run(sample);
            for (int threads = 2; threads <= 3; threads++) {
                Parallel.setThreads(threads);
                List<double[]> shared = run(sample);
                assertThat(shared).hasSameSizeAs(alone);
                for (int k = 0; k < alone.size(); k++) {
                    assertThat(shared.get(k)).as("result %d at %d threads", k, threads).isEqualTo(alone.get(k));
                }
            }
        } finally {
            Parallel.setThreads(before);
        }
    }

    private static List<double[]> run(OpSample sample) {
        try (TensorScope scope = TensorScope.open()) {
            SplittableRandom random = new SplittableRandom(7);
            List<Tensor> operands = sample.operands().stream()
                    .map(operand -> operand.make(Device.CPU, DType.F32, random)).toList();
            List<Tensor> outputs = Dispatcher.runAll(sample.op(), operands);
            return (outputs.isEmpty() ? operands : outputs).stream().map(Tensor::toDoubles).toList();
        }
    }
}
