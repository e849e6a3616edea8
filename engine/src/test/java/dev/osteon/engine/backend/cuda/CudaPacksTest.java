package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.conformance.Operand.index;
import static dev.osteon.engine.conformance.Operand.normal;
import static dev.osteon.engine.conformance.Operand.positive;
import static dev.osteon.engine.conformance.Operand.truth;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.osteon.engine.conformance.Conformance;
import dev.osteon.engine.conformance.OpSample;
import dev.osteon.engine.conformance.Operand;
import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.AdaptiveAvgPool2d;
import dev.osteon.engine.op.AdaptiveAvgPool2dBackward;
import dev.osteon.engine.op.AvgPool2d;
import dev.osteon.engine.op.AvgPool2dBackward;
import dev.osteon.engine.op.BatchNormBackward;
import dev.osteon.engine.op.BatchNormEval;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.Binary;
import dev.osteon.engine.op.Compare;
import dev.osteon.engine.op.DiagonalMask;
import dev.osteon.engine.op.MaxPool2d;
import dev.osteon.engine.op.MaxPool2dBackward;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Pad;
import dev.osteon.engine.op.Permute;
import dev.osteon.engine.op.Select;
import dev.osteon.engine.op.Where;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
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
        pooling(s, "packs", normal(2, 16, 13, 12).channelsLast());
        pooling(s, "no packs", normal(2, 3, 9, 10).channelsLast());
        pooling(s, "planes", normal(2, 8, 12, 9));
        pointwise(s, "one loop", normal(1003), normal(1003));
        pointwise(s, "a number", normal(1003), normal(1));
        pointwise(s, "per channel", normal(3, 16, 5, 7).channelsLast(), normal(1, 16, 1, 1).channelsLast());
        pointwise(s, "per channel, no packs", normal(3, 9, 5, 7).channelsLast(), normal(1, 9, 1, 1).channelsLast());
        pointwise(s, "per row", normal(33, 24), normal(33, 1));
        pointwise(s, "rows in packs", normal(3, 5, 16), normal(5, 16));
        pointwise(s, "rows apart", normal(4, 1, 16), normal(1, 3, 16));
        pointwise(s, "the other way", normal(24), normal(33, 24));
        moves(s);
        return s;
    }

    private static void pointwise(List<OpSample> s, String name, Operand a, Operand b) {
        add(s, "multiply " + name, new Binary(Binary.Function.MUL), a, b);
        add(s, "compare " + name, new Compare(Compare.Relation.LESS), a, b);
        add(s, "where " + name, new Where(), truth(a.shape().toArray()), a, b);
        add(s, "where of a broadcast condition " + name, new Where(), truth(b.shape().toArray()), a, b);
    }

    private static void moves(List<OpSample> s) {
        for (int inner : new int[] {16, 5}) {
            add(s, "pad rows of " + inner, new Pad(1, 2, 3, 1, -1.5), normal(3, 4, inner));
            add(s, "pad between rows of " + inner, new Pad(1, 1, 0, 3, 7), normal(2, 5, inner));
            add(s, "pad height, channels last, of " + inner, new Pad(2, 1, 2, 2, 0.5),
                    normal(2, inner, 3, 4).channelsLast());
            add(s, "pad channels, channels last, of " + inner, new Pad(1, 3, 0, 1, 0.5),
                    normal(2, inner, 3, 4).channelsLast());
            add(s, "select rows of " + inner, new Select(1), normal(3, 7, inner), index(7, DType.I64, 9));
        }
        add(s, "pad the last axis", new Pad(-1, 1, 1, 1, 2), normal(37, 11));
        add(s, "pad nothing", new Pad(0, 2, 1, 1, 3), normal(0, 8));
        add(s, "select of the last axis", new Select(1), normal(7, 11), index(11, DType.I32, 20));
        for (int side : new int[] {24, 7}) {
            add(s, "diagonals of " + side, new DiagonalMask(-9), normal(3, side, side));
        }
        for (int rows : new int[] {70, 71, 128}) {
            add(s, "transpose to rows of " + rows, new Permute(List.of(0, 2, 1)), normal(3, rows, 130));
        }
    }

    private static void pooling(List<OpSample> s, String name, Operand x) {
        int batch = x.shape().dim(0);
        int channels = x.shape().dim(1);
        int height = x.shape().dim(2);
        int width = x.shape().dim(3);
        for (int[] w : new int[][] {{3, 3, 2, 2, 1, 1}, {2, 2, 2, 2, 0, 0}, {3, 3, 1, 1, 1, 1}, {9, 2, 1, 3, 2, 0},
            {2, 1, 3, 3, 0, 0}}) {
            Window kernel = new Window(w[0], w[1]);
            Window stride = new Window(w[2], w[3]);
            Window padding = new Window(w[4], w[5]);
            MaxPool2d max = new MaxPool2d(kernel, stride, padding);
            String windows = " " + List.of(kernel, stride) + " " + name;
            int[] pooled = {batch, channels, (height + 2 * w[4] - w[0]) / w[2] + 1,
                (width + 2 * w[5] - w[1]) / w[3] + 1};
            Operand dy = laid(normal(pooled), x);
            add(s, "max-pool" + windows, max, x);
            for (AvgPool2d.Divisor divisor : AvgPool2d.Divisor.values()) {
                AvgPool2d average = new AvgPool2d(kernel, stride, padding, divisor);
                add(s, "average-pool " + divisor + windows, average, x);
                add(s, "average-pool gradient " + divisor + windows,
                        new AvgPool2dBackward(average, new Window(height, width)), dy);
            }
        }
        for (Window cells : List.of(new Window(1, 1), new Window(1, 3), new Window(4, 5))) {
            add(s, "cells " + cells + " " + name, new AdaptiveAvgPool2d(cells), x);
            add(s, "cells gradient " + cells + " " + name, new AdaptiveAvgPool2dBackward(new Window(height, width)),
                    laid(normal(batch, channels, cells.height(), cells.width()), x));
        }
    }

    /** In the layout of {@code like}. */
    private static Operand laid(Operand operand, Operand like) {
        return like.layout() == Layout.NHWC ? operand.channelsLast() : operand;
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

    static Stream<OpSample> maxPools() {
        return samples().stream().filter(s -> s.op() instanceof MaxPool2d);
    }

    /** Maxima as the gradient of where they come from. */
    @ParameterizedTest
    @MethodSource("maxPools")
    void gradientsGoToTheWinners(OpSample sample) {
        for (DType type : List.of(DType.F32, DType.BF16, DType.F16)) {
            double[] expected = toTheWinners(sample, Device.REFERENCE, type);
            assertThat(toTheWinners(sample, CudaEmulator.DEVICE, type)).as(sample + " " + type)
                    .containsExactly(expected, within(type == DType.BF16 ? 0.1 : 0.01));
        }
    }

    private static double[] toTheWinners(OpSample sample, Device device, DType type) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = sample.operands().getFirst().make(device, type, new SplittableRandom(7));
            List<Tensor> results = Dispatcher.runAll(sample.op(), List.of(x));
            Op back = new MaxPool2dBackward((MaxPool2d) sample.op(), new Window(x.dim(2), x.dim(3)));
            return Dispatcher.run(back, results.get(0), results.get(1)).toDoubles();
        }
    }
}
