package dev.osteon.engine.conformance;

import static dev.osteon.engine.conformance.OpSample.of;
import static dev.osteon.engine.conformance.Operand.awayFromZero;
import static dev.osteon.engine.conformance.Operand.discs;
import static dev.osteon.engine.conformance.Operand.given;
import static dev.osteon.engine.conformance.Operand.index;
import static dev.osteon.engine.conformance.Operand.normal;
import static dev.osteon.engine.conformance.Operand.positive;
import static dev.osteon.engine.conformance.Operand.truth;
import static dev.osteon.engine.conformance.Operand.uniform;
import static dev.osteon.engine.op.Window.ONE;
import static dev.osteon.engine.op.Window.ZERO;
import static dev.osteon.engine.op.Window.square;

import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.AdaptiveAvgPool2d;
import dev.osteon.engine.op.AdaptiveAvgPool2dBackward;
import dev.osteon.engine.op.Affine;
import dev.osteon.engine.op.AffineCropResize;
import dev.osteon.engine.op.AffineCropResizeBackward;
import dev.osteon.engine.op.ArgMax;
import dev.osteon.engine.op.Attention;
import dev.osteon.engine.op.AvgPool2d;
import dev.osteon.engine.op.AvgPool2dBackward;
import dev.osteon.engine.op.BatchNormBackward;
import dev.osteon.engine.op.BatchNormEval;
import dev.osteon.engine.op.BatchNormTrain;
import dev.osteon.engine.op.Binary;
import dev.osteon.engine.op.Cast;
import dev.osteon.engine.op.Clamp;
import dev.osteon.engine.op.Compare;
import dev.osteon.engine.op.Concat;
import dev.osteon.engine.op.Conv2d;
import dev.osteon.engine.op.Conv2dBackwardWeights;
import dev.osteon.engine.op.ConvTranspose2d;
import dev.osteon.engine.op.ConvTranspose2dOnto;
import dev.osteon.engine.op.DiagonalMask;
import dev.osteon.engine.op.DrawViews;
import dev.osteon.engine.op.Epilogue;
import dev.osteon.engine.op.Expand;
import dev.osteon.engine.op.Gather;
import dev.osteon.engine.op.GatherBackward;
import dev.osteon.engine.op.L2Normalize;
import dev.osteon.engine.op.L2NormalizeBackward;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.LayerNorm;
import dev.osteon.engine.op.LayerNormBackward;
import dev.osteon.engine.op.LogSoftmax;
import dev.osteon.engine.op.LossScaleStep;
import dev.osteon.engine.op.MatMul;
import dev.osteon.engine.op.MatMul.Transpose;
import dev.osteon.engine.op.MaxPool2d;
import dev.osteon.engine.op.MaxPool2dBackward;
import dev.osteon.engine.op.MultiTensorSum;
import dev.osteon.engine.op.Pad;
import dev.osteon.engine.op.PairwiseCrossEntropy;
import dev.osteon.engine.op.PairwiseCrossEntropyBackward;
import dev.osteon.engine.op.Permute;
import dev.osteon.engine.op.Reduce;
import dev.osteon.engine.op.Reshape;
import dev.osteon.engine.op.Resize;
import dev.osteon.engine.op.ResizeBackward;
import dev.osteon.engine.op.RunningStatistics;
import dev.osteon.engine.op.Select;
import dev.osteon.engine.op.SelectBackward;
import dev.osteon.engine.op.SgdStep;
import dev.osteon.engine.op.Sinkhorn;
import dev.osteon.engine.op.Slice;
import dev.osteon.engine.op.SoftCrossEntropy;
import dev.osteon.engine.op.SoftCrossEntropyBackward;
import dev.osteon.engine.op.Softmax;
import dev.osteon.engine.op.ToLayout;
import dev.osteon.engine.op.Unary;
import dev.osteon.engine.op.UnscaleGradients;
import dev.osteon.engine.op.Where;
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

/** Samples of every operation: small shapes with odd sizes, both layouts, every attribute that changes the code. */
public final class OpSamples {

    private OpSamples() {}

    /** All samples. A test fails when an operation, or a function of one, has none. */
    public static List<OpSample> all() {
        List<OpSample> samples = new ArrayList<>();
        pointwise(samples);
        shapes(samples);
        reductions(samples);
        products(samples);
        pairs(samples);
        transport(samples);
        convolutions(samples);
        normalisations(samples);
        pooling(samples);
        resampling(samples);
        views(samples);
        optimisers(samples);
        return samples;
    }

    private static void pointwise(List<OpSample> s) {
        for (Unary.Function f : Unary.Function.values()) {
            s.add(of(f + " flat", new Unary(f), domain(f, 37)));
            s.add(of(f + " nhwc", new Unary(f), domain(f, 2, 3, 4, 5).channelsLast()));
        }
        for (Binary.Function f : Binary.Function.values()) {
            s.add(of(f + " same", new Binary(f), positive(3, 17), positive(3, 17)));
            s.add(of(f + " broadcast", new Binary(f), positive(2, 1, 5), positive(3, 1)));
            s.add(of(f + " per channel", new Binary(f), positive(2, 3, 4, 5).channelsLast(), positive(1, 3, 1, 1)));
            s.add(of(f + " mixed layouts", new Binary(f), positive(2, 3, 4, 5).channelsLast(), positive(2, 3, 4, 5)));
            s.add(of(f + " scalar", new Binary(f), positive(), positive(9)));
        }
        for (Compare.Relation r : Compare.Relation.values()) {
            s.add(of(r + " floats", new Compare(r), given(Shape.of(4), 1, 2, 3, -1), given(Shape.of(4), 1, 3, 2, -1)));
            s.add(of(r + " integers", new Compare(r), index(3, DType.I64, 4, 5), index(3, DType.I64, 5)));
        }
        s.add(of("where", new Where(), truth(3, 1), normal(3, 19), normal(19)));
        s.add(of("where nhwc", new Where(), truth(2, 3, 4, 5).channelsLast(), normal(2, 3, 4, 5).channelsLast(),
                normal()));
        s.add(of("affine", new Affine(-1.5, 0.25), normal(2, 3, 3, 3).channelsLast()));
        s.add(of("clamp", new Clamp(-0.05, 0.05), awayFromZero(50)));
        s.add(of("clamp inside", new Clamp(-50, 50), normal(50)));
        for (DType to : List.of(DType.F32, DType.BF16, DType.I32, DType.I64, DType.U16, DType.BOOL)) {
            s.add(new OpSample("cast to " + to, new Cast(to), List.of(normal(33)), 1e-2));
        }
        s.add(of("cast from i64", new Cast(DType.F32), index(1000, DType.I64, 33)));
        s.add(of("cast from u16", new Cast(DType.F32), index(1 << 16, DType.U16, 33)));
        s.add(of("add u16", new Binary(Binary.Function.ADD), index(1 << 15, DType.U16, 33),
                index(1 << 15, DType.U16, 33)));
        s.add(of("less u16", new Compare(Compare.Relation.LESS), index(1 << 16, DType.U16, 33),
                index(1 << 16, DType.U16, 33)));
        s.add(of("diagonal mask", new DiagonalMask(-7), normal(2, 5, 5)));
        multiTensor(s);
    }

    private static void multiTensor(List<OpSample> s) {
        Operand image = normal(2, 3, 4, 5);
        for (DType to : List.of(DType.F32, DType.BF16, DType.F16)) {
            s.add(new OpSample("multi-tensor copies to " + to, new MultiTensorSum(List.of(
                    sum(1, to, Layout.ROW_MAJOR, 3, 17), sum(1, to, Layout.NHWC, 2, 3, 4, 5),
                    sum(1, to, Layout.NHWC, 2, 3, 4, 5), sum(1, to, Layout.ROW_MAJOR, 2, 3, 4, 5),
                    sum(1, to, Layout.NHWC, 2, 7, 1, 1))),
                    List.of(normal(3, 17), image, image.channelsLast(), image.channelsLast(), normal(2, 7, 1, 1)),
                    1e-2));
            s.add(new OpSample("multi-tensor sums in " + to, new MultiTensorSum(List.of(
                    sum(2, to, Layout.ROW_MAJOR, 37), sum(3, to, Layout.ROW_MAJOR, 2, 3, 4, 5),
                    sum(4, to, Layout.NHWC, 2, 3, 4, 5))),
                    List.of(normal(37), normal(37), image, image.channelsLast(), image, image.channelsLast(),
                            image.channelsLast(), image.channelsLast(), image.channelsLast()), 1e-2));
        }
    }

    private static MultiTensorSum.Sum sum(int terms, DType type, Layout layout, int... dims) {
        return new MultiTensorSum.Sum(terms, new TensorSpec(Shape.of(dims), type, layout));
    }

    /** Where a function is defined and smooth. */
    private static Operand domain(Unary.Function function, int... dims) {
        return switch (function) {
            case LOG, SQRT, RSQRT, RECIPROCAL -> positive(dims);
            case TAN, ASIN, ACOS, ATANH -> uniform(-0.9, 0.9, dims);
            case ACOSH -> uniform(1.1, 3, dims);
            case FLOOR, CEIL -> uniform(-0.9, -0.1, dims);
            case ROUND -> uniform(0.6, 1.4, dims);
            default -> awayFromZero(dims);
        };
    }

    private static void shapes(List<OpSample> s) {
        s.add(of("reshape", new Reshape(Shape.of(6, 4)), normal(2, 3, 4)));
        s.add(of("reshape of nhwc", new Reshape(Shape.of(2, 60)), normal(2, 3, 4, 5).channelsLast()));
        s.add(of("to nhwc", new ToLayout(Layout.NHWC), normal(2, 3, 4, 5)));
        s.add(of("to row-major", new ToLayout(Layout.ROW_MAJOR), normal(2, 19, 4, 5).channelsLast()));
        s.add(of("permute", new Permute(List.of(2, 0, 1)), normal(3, 4, 5)));
        s.add(of("transpose", new Permute(List.of(1, 0)), normal(33, 18)));
        s.add(of("permute of nhwc", new Permute(List.of(0, 2, 3, 1)), normal(2, 3, 4, 5).channelsLast()));
        s.add(of("permute to nhwc", new Permute(List.of(0, 3, 1, 2)), normal(2, 3, 4, 5)));
        s.add(of("expand", new Expand(Shape.of(4, 3, 5)), normal(3, 1)));
        s.add(of("slice", new Slice(1, 1, 3, 2), normal(3, 7, 2)));
        s.add(of("slice integers", new Slice(0, 2, 2, 1), index(9, DType.I64, 5, 3)));
        s.add(of("pad", new Pad(1, 2, 1, 1, -3), normal(2, 3, 4)));
        s.add(of("pad apart", new Pad(2, 1, 0, 3, 0), normal(2, 3, 4)));
        s.add(of("concat", new Concat(1), normal(2, 3, 4), normal(2, 1, 4), normal(2, 2, 4)));
        s.add(of("select rows", new Select(0), normal(5, 7), index(5, DType.I64, 9)));
        s.add(of("select columns", new Select(1), normal(3, 5, 2), index(5, DType.I32, 4)));
        s.add(of("select gradient", new SelectBackward(0, 5), normal(9, 7), index(5, DType.I64, 9)));
        s.add(of("gather", new Gather(), normal(6, 4), index(4, DType.I64, 6)));
        s.add(of("gather gradient", new GatherBackward(4), normal(6), index(4, DType.I32, 6)));
    }

    private static void reductions(List<OpSample> s) {
        for (Reduce.Function f : Reduce.Function.values()) {
            s.add(of(f + " last", new Reduce(f, List.of(1)), normal(5, 37)));
            s.add(of(f + " first", new Reduce(f, List.of(0)), normal(5, 37)));
            s.add(of(f + " all", new Reduce(f, List.of(0, 1, 2)), normal(3, 4, 5)));
            s.add(of(f + " outer", new Reduce(f, List.of(0, 2)), normal(3, 4, 5)));
            s.add(of(f + " pixels of nhwc", new Reduce(f, List.of(0, 2, 3)), normal(2, 19, 4, 5).channelsLast()));
        }
        s.add(of("maximum of u16", new Reduce(Reduce.Function.MAX, List.of(1)), index(1 << 16, DType.U16, 5, 37)));
        s.add(of("argmax of u16", new ArgMax(1), index(1 << 16, DType.U16, 5, 37)));
        s.add(of("argmax", new ArgMax(1), normal(5, 37)));
        s.add(of("argmax first axis", new ArgMax(0), normal(5, 3)));
        s.add(of("softmax", new Softmax(1), normal(5, 37)));
        s.add(of("softmax inner axis", new Softmax(1), normal(2, 5, 3)));
        s.add(of("log-softmax", new LogSoftmax(1), normal(5, 37)));
        s.add(of("log-softmax first axis", new LogSoftmax(0), normal(5, 3)));
        s.add(of("soft cross-entropy", new SoftCrossEntropy(10), normal(5, 37), positive(5, 37)));
        s.add(of("soft cross-entropy of one class", new SoftCrossEntropy(-2), normal(3, 1), positive(3, 1)));
        s.add(of("soft cross-entropy gradient", new SoftCrossEntropyBackward(2), normal(5, 37), positive(5, 37),
                positive(5), normal(5)));
        s.add(of("l2-normalise", new L2Normalize(1, 1e-12), normal(5, 37)));
        s.add(of("l2-normalise inner axis", new L2Normalize(1, 1e-12), normal(2, 5, 3)));
        s.add(of("l2-normalise gradient", new L2NormalizeBackward(1), normal(5, 37), normal(5, 37), positive(5, 1)));
        s.add(of("l2-normalise gradient inner axis", new L2NormalizeBackward(1), normal(2, 5, 3), normal(2, 5, 3),
                positive(2, 1, 3)));
    }

    private static void products(List<OpSample> s) {
        for (Transpose a : Transpose.values()) {
            for (Transpose b : Transpose.values()) {
                Operand left = a == Transpose.NO ? normal(5, 7) : normal(7, 5);
                Operand right = b == Transpose.NO ? normal(7, 3) : normal(3, 7);
                s.add(of("matmul a " + a + " b " + b, new MatMul(a, b), left, right));
            }
        }
        s.add(of("matmul with bias", new MatMul(Transpose.NO, Transpose.YES), normal(5, 7), normal(3, 7), normal(3)));
        for (Epilogue e : List.of(Epilogue.RELU, Epilogue.GELU)) {
            s.add(of("matmul then " + e, new MatMul(Transpose.NO, Transpose.NO, e), normal(5, 7), normal(7, 33),
                    normal(33)));
            s.add(of("matmul without bias then " + e, new MatMul(Transpose.YES, Transpose.NO, e), normal(2, 7, 5),
                    normal(2, 7, 3)));
            s.add(of("conv2d then " + e, new Conv2d(square(2), square(1), ONE, 2, e), normal(2, 4, 5, 6).channelsLast(),
                    normal(6, 2, 3, 3), normal(6)));
        }
        s.add(of("attention", new Attention(0.5), normal(2, 5, 3, 4), normal(2, 7, 3, 4), normal(2, 7, 3, 6)));
        s.add(of("attention with bias", new Attention(1), normal(2, 35, 1, 8), normal(2, 70, 1, 8),
                normal(2, 70, 1, 2), normal(1, 35, 70)));
        s.add(of("attention of many queries", new Attention(0.25), normal(2, 70, 3, 16), normal(2, 45, 3, 16),
                normal(2, 45, 3, 16), normal(3, 70, 45)));
        s.add(of("attention with a bias for each key", new Attention(-2), normal(1, 3, 2, 3), normal(1, 4, 2, 3),
                normal(1, 4, 2, 3), normal(2, 1, 4)));
        s.add(of("matmul batched", new MatMul(Transpose.NO, Transpose.NO), normal(2, 3, 4), normal(2, 4, 5)));
        s.add(of("matmul broadcast", new MatMul(Transpose.NO, Transpose.YES), normal(2, 1, 3, 4), normal(5, 2, 4)));
    }

    private static void pairs(List<OpSample> s) {
        s.add(of("pairwise cross-entropy", new PairwiseCrossEntropy(0.5), normal(9, 5), normal(9, 5)));
        s.add(of("pairwise cross-entropy of two", new PairwiseCrossEntropy(-0.5), normal(2, 37), normal(2, 37)));
        s.add(of("pairwise cross-entropy in tiles", new PairwiseCrossEntropy(3), normal(70, 3), normal(70, 3)));
        s.add(of("pairwise cross-entropy in groups", new PairwiseCrossEntropy(0.7), normal(3, 4, 5), normal(3, 4, 5)));
        s.add(of("pairwise cross-entropy gradient", new PairwiseCrossEntropyBackward(0.5), normal(9, 5), normal(9, 5),
                positive(9), normal(9)));
    }

    private static void transport(List<OpSample> s) {
        s.add(of("sinkhorn", new Sinkhorn(0.5, 3), normal(9, 5)));
        s.add(of("sinkhorn once", new Sinkhorn(0.5, 1), normal(5, 37)));
        s.add(of("sinkhorn of a wide range", new Sinkhorn(0.01, 2), normal(5, 17)));
    }

    private static void convolutions(List<OpSample> s) {
        Conv2d plain = new Conv2d(ONE, square(1), ONE, 1);
        Conv2d strided = new Conv2d(new Window(2, 1), new Window(1, 2), ONE, 1);
        Conv2d dilated = new Conv2d(ONE, square(2), square(2), 1);
        Conv2d grouped = new Conv2d(square(2), square(1), ONE, 2);
        s.add(of("conv2d bias", plain, normal(2, 3, 5, 6), normal(4, 3, 3, 3), normal(4)));
        s.add(of("conv2d nhwc", plain, normal(2, 3, 5, 6).channelsLast(), normal(4, 3, 3, 3)));
        s.add(of("conv2d strided", strided, normal(1, 2, 7, 6).channelsLast(), normal(3, 2, 3, 5)));
        s.add(of("conv2d dilated", dilated, normal(1, 2, 7, 6), normal(3, 2, 3, 3)));
        s.add(of("conv2d grouped", grouped, normal(2, 4, 6, 6).channelsLast(), normal(6, 2, 3, 3), normal(6)));
        s.add(of("conv2d 1x1 strided", new Conv2d(square(2), ZERO, ONE, 1), normal(2, 3, 5, 6).channelsLast(),
                normal(4, 3, 1, 1)));
        s.add(of("conv2d stem", new Conv2d(square(2), square(3), ONE, 1), normal(1, 1, 12, 13).channelsLast(),
                normal(4, 1, 7, 7)));
        s.add(of("conv-transpose2d", new ConvTranspose2d(square(2), ZERO, ZERO, ONE, 1), normal(2, 3, 3, 4),
                normal(3, 4, 2, 2), normal(4)));
        s.add(of("conv-transpose2d padded", new ConvTranspose2d(square(2), square(1), new Window(1, 0), ONE, 1),
                normal(1, 3, 4, 4).channelsLast(), normal(3, 2, 3, 3)));
        s.add(of("conv-transpose2d grouped", new ConvTranspose2d(ONE, square(1), ZERO, ONE, 2),
                normal(1, 4, 4, 4), normal(4, 3, 3, 3)));
        onto(s);
        s.add(of("conv2d weight gradient", new Conv2dBackwardWeights(plain, square(3)), normal(2, 3, 5, 6),
                normal(2, 4, 5, 6)));
        s.add(of("conv2d weight gradient grouped", new Conv2dBackwardWeights(grouped, square(3)),
                normal(2, 4, 6, 6).channelsLast(), normal(2, 6, 3, 3).channelsLast()));
        s.add(of("conv2d nhwc weight", plain, normal(2, 3, 5, 6).channelsLast(), normal(4, 3, 3, 3).channelsLast()));
        s.add(of("conv2d nhwc weight alone", plain, normal(2, 3, 5, 6), normal(4, 3, 3, 3).channelsLast()));
        s.add(of("conv2d grouped nhwc weight", grouped, normal(2, 4, 6, 6).channelsLast(),
                normal(6, 2, 3, 3).channelsLast()));
        s.add(of("conv-transpose2d nhwc weight", new ConvTranspose2d(ONE, square(1), ZERO, ONE, 2),
                normal(1, 4, 4, 4).channelsLast(), normal(4, 3, 3, 3).channelsLast()));
    }

    /** Of even and of odd channels, which not every kernel that adds takes. */
    private static void onto(List<OpSample> s) {
        ConvTranspose2d plain = new ConvTranspose2d(ONE, square(1), ZERO, ONE, 1);
        ConvTranspose2d strided = new ConvTranspose2d(square(2), square(1), new Window(1, 0), ONE, 1);
        ConvTranspose2d grouped = new ConvTranspose2d(square(2), square(1), ZERO, ONE, 2);
        for (int channels : new int[] {4, 5}) {
            String of = " of " + channels + " channels";
            s.add(of("conv-transpose2d onto" + of, new ConvTranspose2dOnto(plain), normal(2, 3, 5, 6),
                    normal(3, channels, 3, 3), normal(2, channels, 5, 6)));
            s.add(of("conv-transpose2d onto nhwc" + of, new ConvTranspose2dOnto(strided),
                    normal(1, 3, 4, 4).channelsLast(), normal(3, channels, 3, 3).channelsLast(),
                    normal(1, channels, 8, 7).channelsLast()));
            s.add(of("conv-transpose2d onto another layout" + of, new ConvTranspose2dOnto(plain),
                    normal(2, 3, 5, 6).channelsLast(), normal(3, channels, 3, 3), normal(2, channels, 5, 6)));
            s.add(of("conv-transpose2d onto grouped" + of, new ConvTranspose2dOnto(grouped),
                    normal(1, 4, 4, 4).channelsLast(), normal(4, channels, 3, 3),
                    normal(1, 2 * channels, 7, 7).channelsLast()));
        }
    }

    private static void normalisations(List<OpSample> s) {
        for (Activation a : Activation.values()) {
            BatchNormTrain train = new BatchNormTrain(1e-5, a);
            BatchNormEval eval = new BatchNormEval(1e-5, a);
            s.add(of("batch-norm " + a, train, normal(4, 3, 3, 5), positive(3), normal(3)));
            s.add(of("batch-norm nhwc " + a, train, normal(4, 19, 3, 5).channelsLast(), positive(19), normal(19)));
            s.add(of("batch-norm rows " + a, train, normal(8, 5), positive(5), normal(5)));
            s.add(of("batch-norm residual " + a, train, normal(4, 3, 3, 5).channelsLast(), positive(3), normal(3),
                    normal(4, 3, 3, 5).channelsLast()));
            s.add(of("batch-norm eval " + a, eval, normal(4, 3, 3, 5).channelsLast(), positive(3), normal(3), normal(3),
                    positive(3)));
            s.add(of("batch-norm eval residual " + a, eval, normal(4, 3, 3, 5), positive(3), normal(3), normal(3),
                    positive(3), normal(4, 3, 3, 5)));
        }
        s.add(of("batch-norm gradient", new BatchNormBackward(1e-5, Activation.NONE, BatchNormTrain.Branch.NONE),
                normal(4, 3, 3, 5), normal(4, 3, 3, 5), positive(3), normal(3), positive(3)));
        s.add(of("batch-norm gradient residual",
                new BatchNormBackward(1e-5, Activation.RELU, BatchNormTrain.Branch.RESIDUAL),
                normal(4, 3, 3, 5).channelsLast(), normal(4, 3, 3, 5).channelsLast(), positive(3), normal(3),
                        positive(3),
                normal(4, 3, 3, 5).channelsLast()));
        s.add(of("layer-norm", new LayerNorm(1, 1e-5), normal(5, 37), positive(37), normal(37)));
        s.add(of("layer-norm 2", new LayerNorm(2, 1e-5), normal(5, 3, 7), positive(3, 7), normal(3, 7)));
        s.add(of("layer-norm gradient", new LayerNormBackward(1), normal(5, 37), normal(5, 37), positive(37), normal(5),
                positive(5)));
    }

    private static void pooling(List<OpSample> s) {
        MaxPool2d max = new MaxPool2d(square(3), square(2), square(1));
        MaxPool2d plainMax = new MaxPool2d(square(2), square(2), ZERO);
        s.add(of("max-pool", max, normal(2, 3, 7, 8)));
        s.add(of("max-pool nhwc", max, normal(2, 19, 7, 8).channelsLast()));
        s.add(of("max-pool gradient", new MaxPool2dBackward(plainMax, new Window(6, 8)),
                normal(2, 3, 3, 4).channelsLast(),
                index(4, DType.U8, 2, 3, 3, 4).channelsLast()));
        for (AvgPool2d.Divisor d : AvgPool2d.Divisor.values()) {
            AvgPool2d average = new AvgPool2d(square(3), square(2), square(1), d);
            s.add(of("average-pool " + d, average, normal(2, 3, 7, 8)));
            s.add(of("average-pool nhwc " + d, average, normal(2, 3, 7, 8).channelsLast()));
            s.add(of("average-pool gradient " + d, new AvgPool2dBackward(average, new Window(7, 8)),
                    normal(2, 3, 4, 4)));
        }
        s.add(of("adaptive average-pool", new AdaptiveAvgPool2d(new Window(3, 4)), normal(2, 3, 7, 10)));
        s.add(of("global average-pool nhwc", new AdaptiveAvgPool2d(ONE), normal(2, 19, 5, 4).channelsLast()));
        s.add(of("adaptive average-pool gradient", new AdaptiveAvgPool2dBackward(new Window(7, 10)),
                normal(2, 3, 3, 4).channelsLast()));
    }

    private static void resampling(List<OpSample> s) {
        for (Resize.Filter f : Resize.Filter.values()) {
            s.add(of("resize up " + f, new Resize(new Window(9, 11), f), normal(1, 2, 5, 6)));
            s.add(of("resize down " + f, new Resize(new Window(4, 3), f), normal(1, 2, 9, 10).channelsLast()));
            s.add(of("resize gradient " + f, new ResizeBackward(new Window(9, 10), f), normal(1, 2, 4, 3)));
        }
        // no coordinate half-way between two pixels, where NEAREST would hang on the last bit
        Operand matrices = given(Shape.of(3, 2, 3), 0.9, -0.3, 1.13, 0.3, 0.9, 0.43, -1.7, 0, 7.33, 0, 2.1, 0.23,
                1.1, 0.2, -1.97, -0.4, 1.3, 3.03);
        Operand numbers = index(2, DType.I32, 3);
        Operand levels = index(1 << 16, DType.U16, 2, 1, 9, 8);
        for (AffineCropResize.Border b : AffineCropResize.Border.values()) {
            AffineCropResize crop = new AffineCropResize(new Window(5, 4), AffineCropResize.Filter.TRIANGLE, b);
            s.add(of("affine crop-resize u16 " + b, crop, levels, matrices, numbers));
            s.add(of("affine crop-resize u16 nhwc " + b, crop, index(1 << 16, DType.U16, 2, 3, 9, 8).channelsLast(),
                    matrices, numbers));
            s.add(of("affine crop-resize " + b, crop, normal(2, 1, 9, 8), matrices, numbers));
            s.add(of("affine crop-resize nhwc " + b, crop, normal(2, 3, 9, 8).channelsLast(), matrices, numbers));
            s.add(of("affine crop-resize gradient " + b, new AffineCropResizeBackward(crop, Shape.of(2, 1, 9, 8)),
                    normal(3, 1, 5, 4), matrices, numbers));
        }
        AffineCropResize nearest = new AffineCropResize(new Window(5, 4), AffineCropResize.Filter.NEAREST,
                AffineCropResize.Border.ZERO);
        s.add(of("affine crop nearest", nearest, normal(2, 1, 9, 8), matrices, numbers));
        s.add(of("affine crop u16 nearest", nearest, levels, matrices, numbers));
    }

    private static void views(List<OpSample> s) {
        Resolution large = new Resolution(2, 9, new RandomResizedCrop(0.14, 1));
        Resolution small = new Resolution(3, 5, new RandomResizedCrop(0.05, 0.14));
        Operand sides = index(20, DType.I32, 4, 2);
        Operand samples = index(4, DType.I32, 5);
        Operand key = index(Integer.MAX_VALUE, DType.I32, 2);
        s.add(of("views of multi-crop", new DrawViews(new ViewSampling(List.of(large, small), 20, 0.1, 1)),
                discs(4, 19), sides, samples, key));
        s.add(of("views drawn until they show enough", new DrawViews(new ViewSampling(List.of(large, small), 180, 0.6,
                6)), discs(4, 19), sides, samples, key));
        s.add(of("views of 16-bit levels", new DrawViews(new ViewSampling(List.of(large, small), 20, 0.9, 4)),
                index(2, DType.U16, 4, 1, 19, 19), sides, samples, key));
        s.add(of("views of one size", new DrawViews(new ViewSampling(List.of(small), 0, 0, 3)), discs(4, 19), sides,
                samples, key));
    }

    private static void optimisers(List<OpSample> s) {
        s.add(of("running statistics", new RunningStatistics(0.1, 5), normal(7), positive(7), normal(7), positive(7)));
        Operand rate = given(Shape.of(1), 0.1);
        Operand[] two = {normal(3, 17), normal(3, 17), normal(3, 17), normal(40), normal(40), normal(40), rate};
        for (SgdStep.Nesterov n : SgdStep.Nesterov.values()) {
            s.add(of("sgd nesterov " + n, new SgdStep(0.9, 1e-2, n), two));
        }
        Operand zero = given(Shape.of(4), 0, 0, 0, 0);
        for (LarcStep.Mode m : LarcStep.Mode.values()) {
            s.add(of("larc " + m, new LarcStep(0.9, 1e-2, 0.02, 1e-8, m), two));
            s.add(of("larc zero weight " + m, new LarcStep(0.9, 1e-2, 0.02, 1e-8, m), zero, normal(4), zero, rate));
        }
        lossScales(s, two);
    }

    private static void lossScales(List<OpSample> s, Operand... step) {
        Operand quiet = given(Shape.of(3), 1024, 6, 0);
        Operand overflown = given(Shape.of(3), 1024, 6, 1);
        for (Operand state : List.of(quiet, overflown)) {
            String name = state == quiet ? " without overflow" : " after overflow";
            List<Operand> operands = new ArrayList<>(List.of(step));
            operands.add(state);
            s.add(of("sgd" + name, new SgdStep(0.9, 1e-2, SgdStep.Nesterov.NO), operands.toArray(Operand[]::new)));
            s.add(of("larc" + name, new LarcStep(0.9, 1e-2, 0.02, 1e-8, LarcStep.Mode.CLIP),
                    operands.toArray(Operand[]::new)));
            s.add(of("loss scale" + name, new LossScaleStep(2, 0.5, 7), state));
            s.add(of("loss scale in between" + name, new LossScaleStep(2, 0.5, 8), state));
        }
        s.add(of("loss scale at the end", new LossScaleStep(2, 0.5, 7), given(Shape.of(3), 0x1p127, 6, 0)));
        s.add(of("unscale", new UnscaleGradients(), quiet, normal(2, 3, 4, 5).channelsLast(), normal(17)));
        s.add(of("unscale infinity", new UnscaleGradients(), quiet, normal(17), given(Shape.of(2), 3,
                Double.NEGATIVE_INFINITY)));
    }
}
