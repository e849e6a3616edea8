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
import dev.osteon.engine.op.LayerNorm;
import dev.osteon.engine.op.LayerNormBackward;
import dev.osteon.engine.op.ArgMax;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.LossScaleStep;
import dev.osteon.engine.op.Reduce;
import dev.osteon.engine.op.RunningStatistics;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.op.UnscaleGradients;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.HostData;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation on 16-bit operands against the reference on the same ones, up to the type's own rounding. */
class CudaLowPrecisionTest {

    /** Of the largest magnitude: two roundings of 8 or 11 bits, and sums over operands in float32. */
    private static final Map<DType, Double> TOLERANCE = Map.of(DType.BF16, 1.6e-2, DType.F16, 2e-3);

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    static Stream<OpSample> samples() {
        Stream<OpSample> shapes = CudaShapesTest.samples().stream()
                .filter(s -> s.op() instanceof Reduce || s.op() instanceof ArgMax || s.op() instanceof LayerNorm
                        || s.op() instanceof LayerNormBackward);
        return Stream.concat(OpSamples.all().stream(), shapes)
                .filter(s -> s.operands().stream().anyMatch(Operand::isFloating)
                        && !(s.op() instanceof SgdStep || s.op() instanceof LarcStep
                                || s.op() instanceof UnscaleGradients || s.op() instanceof LossScaleStep
                                || s.op() instanceof RunningStatistics || s.op() instanceof Cast));
    }

    @ParameterizedTest
    @MethodSource("samples")
    void bf16AgreesWithReference(OpSample sample) {
        agrees(sample, DType.BF16);
    }

    @ParameterizedTest
    @MethodSource("samples")
    void fp16AgreesWithReference(OpSample sample) {
        agrees(sample, DType.F16);
    }

    /** All 65 536 of each, on the way to float32 and back: the conversions of the kernels are Java's. */
    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void everyNumberIsConvertedAndBack(DType low) {
        double[] numbers = new double[1 << 16];
        MemorySegment bits = MemorySegment.ofArray(new short[1]);
        for (int i = 0; i < numbers.length; i++) {
            bits.set(ValueLayout.JAVA_SHORT, 0, (short) i);
            numbers[i] = HostData.get(bits, low, 0);
        }
        try (TensorScope scope = TensorScope.open()) {
            Tensor stored = Tensor.of(CudaEmulator.DEVICE, Shape.of(numbers.length), low, numbers);
            Tensor wide = stored.to(DType.F32);
            assertThat(wide.toDoubles()).containsExactly(numbers);
            assertThat(wide.to(low).toDoubles()).containsExactly(numbers);
        }
    }

    /** Halfway between two neighbours, next to it, too large, too small. */
    @ParameterizedTest
    @EnumSource(names = {"BF16", "F16"})
    void roundsAsTheHostDoes(DType low) {
        double[] numbers = {1 + 0x1p-11, 1 + 3 * 0x1p-11, 1 + 0x1p-11 + 0x1p-22, 1 + 0x1p-8, 1 + 3 * 0x1p-8, 65504,
            65519.99, 65520, -1e9, 3e38, 0x1p-24, 0x1p-25, 0x1.8p-24, 0x1.1p-25, -0x1p-14 + 0x1p-25, 6.1e-5, -0.0};
        try (TensorScope scope = TensorScope.open()) {
            Tensor host = Tensor.of(Device.REFERENCE, Shape.of(numbers.length), low, numbers);
            Tensor wide = Tensor.of(CudaEmulator.DEVICE, Shape.of(numbers.length), DType.F32, numbers);
            assertThat(wide.to(low).toDoubles()).containsExactly(host.toDoubles());
        }
    }

    static void agrees(OpSample sample, DType low) {
        List<double[]> expected = results(sample, Device.REFERENCE, low);
        List<double[]> actual = results(sample, CudaEmulator.DEVICE, low);
        for (int k = 0; k < expected.size(); k++) {
            double scale = 1e-3;
            for (double value : expected.get(k)) {
                scale = Double.isFinite(value) ? Math.max(scale, Math.abs(value)) : scale;
            }
            for (int i = 0; i < expected.get(k).length; i++) {
                double e = expected.get(k)[i];
                double a = actual.get(k)[i];
                assertThat(e == a || Math.abs(e - a) <= TOLERANCE.get(low) * scale)
                        .as("%s result %d element %d: %s, expected %s", sample, k, i, a, e).isTrue();
            }
        }
    }

    private static List<double[]> results(OpSample sample, Device device, DType low) {
        SplittableRandom random = new SplittableRandom(sample.name().hashCode());
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> operands = new ArrayList<>();
            for (Operand operand : sample.operands()) {
                operands.add(operand.make(device, isStatistic(sample, operand) ? DType.F32 : low, random));
            }
            List<Tensor> outputs = Dispatcher.runAll(sample.op(), operands);
            return (outputs.isEmpty() ? operands : outputs).stream().map(Tensor::toDoubles).toList();
        }
    }

    /** What norms are given beside images, or rows, is in float32. */
    private static boolean isStatistic(OpSample sample, Operand operand) {
        return switch (sample.op()) {
            case BatchNormTrain _, BatchNormEval _, BatchNormBackward _ -> operand.shape().rank() == 1;
            case LayerNorm _, LayerNormBackward _ -> !operand.shape().equals(sample.operands().getFirst().shape());
            default -> false;
        };
    }
}
