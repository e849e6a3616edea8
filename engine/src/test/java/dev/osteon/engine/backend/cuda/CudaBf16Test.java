package dev.osteon.engine.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.conformance.OpSample;
import dev.osteon.engine.conformance.OpSamples;
import dev.osteon.engine.conformance.Operand;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.BatchNormBackward;
import dev.osteon.engine.op.BatchNormEval;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation on bf16 operands against the reference on the same ones, up to bf16's own rounding. */
class CudaBf16Test {

    /** Of the largest magnitude: two roundings of 8 bits, and sums over operands in float32. */
    private static final double TOLERANCE = 1.6e-2;

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    static Stream<OpSample> samples() {
        return OpSamples.all().stream().filter(s -> s.operands().stream().anyMatch(Operand::isFloating)
                && !(s.op() instanceof SgdStep || s.op() instanceof LarcStep || s.op() instanceof Cast));
    }

    @ParameterizedTest
    @MethodSource("samples")
    void agreesWithReference(OpSample sample) {
        List<double[]> expected = results(sample, Device.REFERENCE);
        List<double[]> actual = results(sample, CudaEmulator.DEVICE);
        for (int k = 0; k < expected.size(); k++) {
            double scale = 1e-3;
            for (double value : expected.get(k)) {
                scale = Double.isFinite(value) ? Math.max(scale, Math.abs(value)) : scale;
            }
            for (int i = 0; i < expected.get(k).length; i++) {
                double e = expected.get(k)[i];
                double a = actual.get(k)[i];
                assertThat(e == a || Math.abs(e - a) <= TOLERANCE * scale)
                        .as("%s result %d element %d: %s, expected %s", sample, k, i, a, e).isTrue();
            }
        }
    }

    private static List<double[]> results(OpSample sample, Device device) {
        SplittableRandom random = new SplittableRandom(sample.name().hashCode());
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> operands = new ArrayList<>();
            for (Operand operand : sample.operands()) {
                boolean statistic = isBatchNorm(sample.op()) && operand.shape().rank() == 1;
                operands.add(operand.make(device, statistic ? DType.F32 : DType.BF16, random));
            }
            return Dispatcher.runAll(sample.op(), operands).stream().map(Tensor::toDoubles).toList();
        }
    }

    private static boolean isBatchNorm(Op op) {
        return op instanceof BatchNormTrain || op instanceof BatchNormEval || op instanceof BatchNormBackward;
    }
}
