package dev.osteon.engine.backend.cuda;

import static dev.osteon.engine.conformance.Operand.discs;
import static dev.osteon.engine.conformance.Operand.index;
import static dev.osteon.engine.conformance.Operand.normal;
import static dev.osteon.engine.conformance.Operand.positive;
import static dev.osteon.engine.conformance.Operand.uniform;
import static org.assertj.core.api.Assertions.assertThat;

import dev.osteon.engine.conformance.Conformance;
import dev.osteon.engine.conformance.OpSample;
import dev.osteon.engine.conformance.Operand;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.ArgMax;
import dev.osteon.engine.op.Attention;
import dev.osteon.engine.op.BatchNormBackward;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.Binary;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.DiagonalMask;
import dev.osteon.engine.op.DrawViews;
import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.op.Expand;
import dev.osteon.engine.op.GatherBackward;
import dev.osteon.engine.op.L2Normalize;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.LayerNorm;
import dev.osteon.engine.op.LayerNormBackward;
import dev.osteon.engine.op.LogSoftmax;
import dev.osteon.engine.op.MatMul;
import dev.osteon.engine.op.MultiTensorSum;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Pad;
import dev.osteon.engine.op.PairwiseCrossEntropy;
import dev.osteon.engine.op.PairwiseCrossEntropyBackward;
import dev.osteon.engine.op.Permute;
import dev.osteon.engine.op.Reduce;
import dev.osteon.engine.op.Select;
import dev.osteon.engine.op.SelectBackward;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.op.Sinkhorn;
import dev.osteon.engine.op.SoftCrossEntropy;
import dev.osteon.engine.op.SoftCrossEntropyBackward;
import dev.osteon.engine.op.Softmax;
import dev.osteon.engine.op.Unary;
import dev.osteon.engine.op.UnscaleGradients;
import dev.osteon.engine.op.Window;
import dev.osteon.engine.tensor.DType;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.TensorSpec;
import dev.osteon.engine.views.RandomResizedCrop;
import dev.osteon.engine.views.Resolution;
import dev.osteon.engine.views.ViewSampling;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Shapes at which a kernel does what it does not for small ones: sums in parts, many visits a thread, many tiles. */
class CudaShapesTest {

    @BeforeAll
    static void open() {
        CudaEmulator.backend();
    }

    static List<OpSample> samples() {
        List<OpSample> s = new ArrayList<>();
        for (Reduce.Function f : Reduce.Function.values()) {
            add(s, f + " of all in parts", new Reduce(f, List.of(0, 1)), normal(37, 1000));
            add(s, f + " of columns in parts", new Reduce(f, List.of(0)), normal(1500, 19));
            add(s, f + " of many rows", new Reduce(f, List.of(1)), normal(300, 70));
            add(s, f + " in packs, all", new Reduce(f, List.of(0, 1)), normal(40, 1000));
            add(s, f + " in packs, rows", new Reduce(f, List.of(1)), normal(5, 2104));
            add(s, f + " in packs, short rows", new Reduce(f, List.of(1)), normal(70, 24));
            add(s, f + " in packs, columns", new Reduce(f, List.of(0)), normal(300, 328));
            add(s, f + " in packs, few columns", new Reduce(f, List.of(0)), normal(5, 1200));
            add(s, f + " in packs, the middle", new Reduce(f, List.of(1)), normal(3, 130, 16));
            add(s, f + " in packs, channels", new Reduce(f, List.of(0, 2, 3)), normal(7, 3, 8, 12));
            add(s, f + " in packs, pixels", new Reduce(f, List.of(0, 2, 3)), normal(7, 8, 9, 5).channelsLast());
            add(s, f + " of pixels in parts", new Reduce(f, List.of(0, 2, 3)), normal(3, 5, 21, 20).channelsLast());
        }
        add(s, "argmax of long rows", new ArgMax(1), normal(3, 1000));
        add(s, "argmax of short rows", new ArgMax(1), normal(9, 104));
        add(s, "argmax of long rows in packs", new ArgMax(1), normal(3, 1448));
        add(s, "argmax of equals", new ArgMax(1), index(2, DType.I32, 5, 700));
        add(s, "argmax of columns", new ArgMax(0), normal(300, 5));
        for (int size : new int[] {33, 68, 700, 1001, 4100}) {
            add(s, "softmax of rows of " + size, new Softmax(1), normal(11, size));
            add(s, "log-softmax of rows of " + size, new LogSoftmax(1), normal(11, size));
            add(s, "l2-normalise rows of " + size, new L2Normalize(1, 1e-6), normal(11, size));
            add(s, "soft cross-entropy of rows of " + size, new SoftCrossEntropy(-3), normal(11, size),
                    positive(11, size));
            add(s, "soft cross-entropy gradient of rows of " + size, new SoftCrossEntropyBackward(3),
                    uniform(-1, 1, 11, size), positive(11, size), uniform(3, 4, 11), normal(11));
        }
        add(s, "exp of many", new Unary(Unary.Function.EXP), positive(30001));
        add(s, "add of many", new Binary(Binary.Function.ADD), normal(30001), normal(30001));
        add(s, "add of seven dimensions", new Binary(Binary.Function.ADD), normal(2, 3, 1, 2, 2, 1, 3),
                normal(1, 3, 2, 1, 2, 2, 1));
        add(s, "expand of seven dimensions", new Expand(Shape.of(2, 3, 2, 2, 2, 2, 3)), normal(3, 1, 2, 1, 2, 1));
        add(s, "transpose of many tiles", new Permute(List.of(0, 2, 1)), normal(3, 70, 101));
        add(s, "permute of six dimensions", new Permute(List.of(0, 3, 1, 4, 2, 5)), normal(2, 3, 2, 2, 3, 4));
        add(s, "select gradient of many", new SelectBackward(0, 11), normal(90, 33), index(11, DType.I64, 90));
        add(s, "select gradient of few rows", new SelectBackward(0, 2), normal(1300, 36), index(2, DType.I32, 1300));
        add(s, "select gradient of many rows", new SelectBackward(0, 1030), normal(1100, 8),
                index(7, DType.I64, 1100));
        add(s, "select gradient of rows often named", new SelectBackward(1, 1025), normal(2, 700, 3),
                index(1, DType.I64, 700));
        add(s, "select gradient of the last axis", new SelectBackward(1, 5), normal(9, 7), index(5, DType.I64, 7));
        for (DType type : List.of(DType.U8, DType.I32, DType.I64)) {
            for (int inner : new int[] {16, 3}) {
                add(s, "pad of " + type + " by " + inner, new Pad(0, 1, 2, 2, 5), index(9, type, 3, inner));
                add(s, "select of " + type + " by " + inner, new Select(0), index(9, type, 5, inner),
                        index(5, DType.I32, 7));
                add(s, "diagonals of " + type + " of " + inner, new DiagonalMask(7), index(9, type, 2, inner, inner));
            }
        }
        add(s, "gather gradient of long rows", new GatherBackward(1000), normal(5), index(1000, DType.I64, 5));
        add(s, "gather gradient in packs", new GatherBackward(36), normal(11), index(36, DType.I32, 11));
        for (boolean last : new boolean[] {false, true}) {
            Operand x = last ? normal(12, 37, 15, 13).channelsLast() : normal(12, 37, 15, 13);
            add(s, "batch-norm in parts " + last, new BatchNormTrain(1e-5, Activation.RELU), x, positive(37),
                    normal(37), x);
            add(s, "batch-norm gradient in parts " + last,
                    new BatchNormBackward(1e-5, Activation.RELU, BatchNormTrain.Branch.RESIDUAL), x, x, positive(37),
                    normal(37), positive(37), x);
        }
        add(s, "batch-norm gradient of mixed layouts",
                new BatchNormBackward(1e-5, Activation.NONE, BatchNormTrain.Branch.NONE), normal(4, 3, 3, 5),
                normal(4, 3, 3, 5).channelsLast(), positive(3), normal(3), positive(3));
        for (int size : new int[] {1, 160, 301, 512, 516, 4096, 4099}) {           // of a warp, a block, and longer
            add(s, "layer-norm of " + size, new LayerNorm(1, 1e-5), normal(19, size), positive(size), normal(size));
            add(s, "layer-norm gradient of " + size, new LayerNormBackward(1), normal(150, size), normal(150, size),
                    positive(size), normal(150), positive(150));
        }
        for (int depth : new int[] {16, 32, 64}) {
            add(s, "attention of depth " + depth, new Attention(0.2), normal(1, 129, 2, depth),
                    normal(1, 67, 2, depth), normal(1, 67, 2, depth), normal(1, 67));
        }
        add(s, "attention of a key", new Attention(0.2), normal(3, 25, 1, 32), normal(3, 1, 1, 32),
                normal(3, 1, 1, 32));
        for (Epilogue epilogue : Epilogue.values()) {
            add(s, "bias of packs then " + epilogue, new MatMul(MatMul.Transpose.NO, MatMul.Transpose.NO, epilogue),
                    normal(70, 3), normal(3, 24), normal(24));
            add(s, "bias of planes then " + epilogue, new Conv2d(new Window(1, 1), new Window(0, 0), new Window(1, 1),
                    1, epilogue), normal(2, 3, 4, 4), normal(5, 3, 1, 1), normal(5));
        }
        add(s, "permute of runs", new Permute(List.of(0, 2, 1, 3)), normal(2, 5, 3, 16));
        add(s, "permute of short runs", new Permute(List.of(1, 0, 2)), normal(5, 3, 6));
        add(s, "expand of runs", new Expand(Shape.of(3, 5, 20)), normal(3, 1, 20));
        for (int rows : new int[] {2, 129, 300, 3001, 3100}) {
            add(s, "pairwise of " + rows, new PairwiseCrossEntropy(2), normal(rows, 3), normal(rows, 3));
        }
        add(s, "pairwise in groups", new PairwiseCrossEntropy(2), normal(5, 129, 3), normal(5, 129, 3));
        add(s, "pairwise in groups of two at a time", new PairwiseCrossEntropy(2), normal(3, 1700, 2),
                normal(3, 1700, 2));
        add(s, "pairwise gradient in groups", new PairwiseCrossEntropyBackward(0.5), normal(7, 130, 3),
                normal(7, 130, 3), uniform(6, 7, 7, 130), normal(7, 130));
        add(s, "pairwise gradient of odd rows", new PairwiseCrossEntropyBackward(0.5), normal(301, 3), normal(301, 3),
                uniform(6, 7, 301), normal(301));
        add(s, "pairwise gradient of even rows", new PairwiseCrossEntropyBackward(0.5), normal(300, 3),
                normal(300, 3), uniform(6, 7, 300), normal(300));
        for (int columns : new int[] {1, 7, 36, 804, 1001}) {
            add(s, "sinkhorn of " + columns, new Sinkhorn(0.3, 3), normal(2100, columns));
        }
        add(s, "sinkhorn of a wide range", new Sinkhorn(0.003, 3), normal(70, 132));
        add(s, "sinkhorn of long rows", new Sinkhorn(0.5, 2), normal(3, 5124));
        add(s, "matmul of rows by one matrix", new MatMul(MatMul.Transpose.NO, MatMul.Transpose.NO),
                normal(3, 4, 5, 6), normal(6, 7));
        add(s, "matmul broadcast both ways", new MatMul(MatMul.Transpose.YES, MatMul.Transpose.NO),
                normal(3, 1, 2, 6, 5), normal(1, 4, 2, 6, 7));
        Operand weight = normal(9, 67, 7, 9);
        add(s, "sums in pieces", new MultiTensorSum(List.of(sum(2, Layout.ROW_MAJOR, 40001),
                sum(2, Layout.NHWC, 9, 67, 7, 9), sum(3, Layout.ROW_MAJOR, 9, 67, 7, 9),
                sum(1, Layout.NHWC, 9, 67, 7, 9))), normal(40001), normal(40001), weight, weight.channelsLast(),
                weight, weight.channelsLast(), weight, weight);
        Operand rate = Operand.given(Shape.of(1), 0.1);
        add(s, "larc in pieces", new LarcStep(0.9, 1e-2, 0.02, 1e-8, LarcStep.Mode.CLIP), normal(70000),
                normal(70000), normal(70000), normal(7), normal(7), normal(7), rate);
        add(s, "sgd in pieces", new SgdStep(0.9, 1e-2, SgdStep.Nesterov.YES), normal(40001), normal(40001),
                normal(40001), normal(1030), normal(1030), normal(1030), rate);
        views(s);
        Operand scale = Operand.given(Shape.of(UnscaleGradients.STATE), 8, 0, 0);
        add(s, "gradients in pieces", new UnscaleGradients(), scale, normal(40001), normal(8));
        return s;
    }

    /** More pixels than a block counts at once, rows longer than a warp, more segments than blocks, three sizes. */
    private static void views(List<OpSample> s) {
        RandomResizedCrop crop = new RandomResizedCrop(0.2, 1);
        ViewSampling sampling = new ViewSampling(List.of(new Resolution(1, 50, crop), new Resolution(1, 7, crop),
                new Resolution(2, 33, crop)), 90, 0.7, 3);
        add(s, "views of many pixels", new DrawViews(sampling), discs(5, 75), index(76, DType.I32, 5, 2),
                index(5, DType.I32, 40), index(Integer.MAX_VALUE, DType.I32, 2));
    }

    private static MultiTensorSum.Sum sum(int terms, Layout layout, int... dims) {
        return new MultiTensorSum.Sum(terms, new TensorSpec(Shape.of(dims), DType.F32, layout));
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
}
