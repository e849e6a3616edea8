package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.conformance.Operand.given;
import static dev.osteon.engine.conformance.Operand.normal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.conformance.OpSample;
import dev.osteon.engine.conformance.Operand;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Attention;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Attention in 16 bits where tiles of queries and keys are full and where they are not, with biases of all kinds. */
class CudaAttentionTest {

    private static final double NEVER = Double.NEGATIVE_INFINITY;

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    static List<OpSample> samples() {
        List<OpSample> s = new ArrayList<>();
        int[] sizes = {1, 15, 16, 17, 49, 63, 65, 196};
        for (int i = 0; i < sizes.length; i++) {
            int depth = 16 << i % 3;
            int queries = sizes[sizes.length - 1 - i];
            add(s, 2, sizes[i], sizes[i], 2, depth);
            add(s, 1, queries, sizes[i], 2, 16 << (i + 1) % 3, normal(1, 2, queries, sizes[i]));
            add(s, 1, 33, sizes[i], 3, 16 << (i + 2) % 3, normal(33, sizes[i]));
        }
        for (int depth : new int[] {16, 32, 64}) {
            add(s, 1, 49, 49, 3, depth, normal(3, 49, 49));
            add(s, 2, 65, 68, 2, depth, normal(2, 2, 65, 68));
            add(s, 2, 65, 68, 2, depth, normal(2, 2, 65, 1));
        }
        add(s, 2, 65, 68, 2, 32, normal(2, 1, 1, 68));
        add(s, 2, 65, 66, 2, 32, normal(2, 1, 65, 66));
        add(s, 2, 65, 68, 2, 32, normal(2, 1, 1));
        add(s, 1, 30, 65, 2, 16, given(Shape.of(30, 65), windows(30, 65)));
        add(s, 1, 30, 80, 2, 32, given(Shape.of(30, 80), windows(30, 80)));
        return s;
    }

    /** Each query sees every seventh key, the last queries none of the first 64. */
    private static double[] windows(int queries, int keys) {
        double[] bias = new double[queries * keys];
        for (int i = 0; i < bias.length; i++) {
            int query = i / keys;
            int key = i % keys;
            boolean late = query > queries / 2 && keys > 64 && key < 64;
            bias[i] = (query + key) % 7 == 0 && !late || key == keys - 1 ? 0.5 : NEVER;
        }
        return bias;
    }

    private static void add(List<OpSample> s, int samples, int queries, int keys, int heads, int depth,
            Operand... bias) {
        List<Operand> operands = new ArrayList<>(List.of(normal(samples, queries, heads, depth),
                normal(samples, keys, heads, depth), normal(samples, keys, heads, depth)));
        operands.addAll(List.of(bias));
        s.add(OpSample.of("attention " + operands.stream().map(Operand::shape).toList() + " " + s.size(),
                new Attention(0.3), operands.toArray(Operand[]::new)));
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

    /** As the reference: 0 / 0; but a mask of the least number of the type is as if there was none. */
    @ParameterizedTest
    @EnumSource(names = {"F32", "BF16", "F16"})
    void queriesThatSeeNoKeyAreNotNumbers(DType type) {
        double least = type == DType.F16 ? -65504 : -0x1.fep127;
        double[] masks = new double[30];
        masks[3] = NEVER;
        masks[4] = least;
        masks[29] = NEVER;
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = normal(1, 30, 1, 32).make(CudaEmulator.DEVICE, type, new SplittableRandom(3));
            Tensor ones = Tensor.of(CudaEmulator.DEVICE, Shape.of(1, 30, 1, 32), type, filled(30 * 32, 3));
            Tensor mask = Tensor.of(CudaEmulator.DEVICE, Shape.of(30, 1), type, masks);
            double[] y = Dispatcher.run(new Attention(0.3), x, x, ones, mask).toDoubles();
            for (int i = 0; i < y.length; i++) {
                boolean seesNone = masks[i / 32] == NEVER;
                assertThat(seesNone ? Double.isNaN(y[i]) : Math.abs(y[i] - 3) < 1e-5).as("query " + i / 32).isTrue();
            }
        }
    }

    private static double[] filled(int count, double value) {
        double[] all = new double[count];
        Arrays.fill(all, value);
        return all;
    }
}
