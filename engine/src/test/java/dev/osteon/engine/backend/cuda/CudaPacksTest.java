package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.conformance.Operand.normal;
import static dev.osteon.engine.conformance.Operand.positive;
import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.conformance.Conformance;
import dev.osteon.engine.conformance.OpSample;
import dev.osteon.engine.conformance.Operand;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.BatchNormBackward;
import dev.osteon.engine.op.BatchNormEval;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Kernels that move packs of 16 bytes, where packs fit, where they do not, and where a tile or a part is not full. */
class CudaPacksTest {

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    static List<OpSample> samples() {
        List<OpSample> s = new ArrayList<>();
        batchNorm(s, "one tile", normal(3, 16, 9, 11).channelsLast());
        batchNorm(s, "tiles that are not full", normal(2, 264, 3, 3).channelsLast());
        batchNorm(s, "parts", normal(5, 8, 41, 40).channelsLast());
        batchNorm(s, "no packs", normal(3, 45, 7, 5).channelsLast());
        batchNorm(s, "rows", normal(70, 24));
        batchNorm(s, "planes", normal(3, 5, 8, 6));
        batchNorm(s, "planes in parts", normal(1, 2, 96, 100));
        batchNorm(s, "planes without packs", normal(6, 3, 7, 7));
        return s;
    }

    private static void batchNorm(List<OpSample> s, String name, Operand x) {
        int channels = x.shape().dim(1);
        Operand each = normal(channels);
        Operand positive = positive(channels);
        BatchNormTrain relu = new BatchNormTrain(1e-5, Activation.RELU);
        add(s, "batch-norm " + name, new BatchNormTrain(1e-5, Activation.NONE), x, positive, each);
        add(s, "batch-norm relu " + name, relu, x, positive, each);
        add(s, "batch-norm residual " + name, relu, x, positive, each, x);
        add(s, "batch-norm eval " + name, new BatchNormEval(1e-5, Activation.RELU), x, positive, each, each, positive,
                x);
        add(s, "batch-norm gradient " + name,
                new BatchNormBackward(1e-5, Activation.NONE, BatchNormTrain.Branch.NONE), x, x, positive, each,
                positive);
        for (BatchNormTrain.Branch branch : BatchNormTrain.Branch.values()) {
            add(s, "batch-norm relu gradient " + branch + " " + name,
                    new BatchNormBackward(1e-5, Activation.RELU, branch), x, x, positive, each, positive, x);
        }
    }

    private static void add(List<OpSample> samples, String name, Op op, Operand... operands) {
        samples.add(OpSample.of(name, op, operands));
    }

    @ParameterizedTest
    @MethodSource("samples")
    void agreesWithReference(OpSample sample) {
        Conformance.Outcome outcome = Conformance.against(sample, CudaEmulator.DEVICE);
        assertThat(outcome.passed()).as(sample + ": " + outcome.detail()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("samples")
    void bf16AgreesWithReference(OpSample sample) {
        CudaLowPrecisionTest.agrees(sample, DType.BF16);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void fp16AgreesWithReference(OpSample sample) {
        CudaLowPrecisionTest.agrees(sample, DType.F16);
    }
}
