package dev.osteon.bench.gpu;

import static dev.osteon.engine.conformance.Operand.given;
import static dev.osteon.engine.conformance.Operand.index;
import static dev.osteon.engine.conformance.Operand.normal;
import static dev.osteon.engine.conformance.Operand.positive;
import static dev.osteon.engine.conformance.Operand.truth;
import static dev.osteon.engine.conformance.Operand.uniform;
import static dev.osteon.engine.op.Window.ONE;
import static dev.osteon.engine.op.Window.square;

import dev.osteon.engine.conformance.OpSample;
import dev.osteon.engine.conformance.Operand;
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
import dev.osteon.engine.op.DiagonalMask;
import dev.osteon.engine.op.Expand;
import dev.osteon.engine.op.Gather;
import dev.osteon.engine.op.GatherBackward;
import dev.osteon.engine.op.L2Normalize;
import dev.osteon.engine.op.LarcStep;
import dev.osteon.engine.op.LayerNorm;
import dev.osteon.engine.op.LayerNormBackward;
import dev.osteon.engine.op.LogSoftmax;
import dev.osteon.engine.op.LossScaleStep;
import dev.osteon.engine.op.MaxPool2d;
import dev.osteon.engine.op.MaxPool2dBackward;
import dev.osteon.engine.op.Op;
import dev.osteon.engine.op.Pad;
import dev.osteon.engine.op.PairwiseCrossEntropy;
import dev.osteon.engine.op.PairwiseCrossEntropyBackward;
import dev.osteon.engine.op.Permute;
import dev.osteon.engine.op.Reduce;
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
import dev.osteon.engine.tensor.Device;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.ResNet;
import dev.osteon.models.ResNetSpec;
import dev.osteon.nn.Initializer;
import java.util.ArrayList;
import java.util.List;

/** Every operation that has a kernel of our own on the GPU, at the shapes of the paper's workload. */
final class KernelCases {

    /** Side of the canvas that segments are kept on, of a whole image. */
    private static final int CANVAS = 256;
    private static final int[] STAGES = {256, 512, 1024, 2048};

    private final Sizes sizes;
    private final List<OpSample> cases = new ArrayList<>();

    private KernelCases(Sizes sizes) {
        this.sizes = sizes;
    }

    static List<OpSample> all(Sizes sizes) {
        KernelCases all = new KernelCases(sizes);
        all.batchNorms();
        all.pooling();
        all.losses();
        all.optimisers();
        all.crops();
        all.transformers();
        all.pointwise();
        all.reductions();
        all.shapes();
        return List.copyOf(all.cases);
    }

    private void add(String name, Op op, Operand... operands) {
        cases.add(OpSample.of(name, op, operands));
    }

    /** An activation of the ResNet: {@code full} channels in the paper, {@code 1/reduction} of the image. */
    private Operand activation(int full, int reduction) {
        return normal(sizes.batch(), sizes.channels(full), sizes.side(reduction), sizes.side(reduction)).channelsLast();
    }

    private void batchNorms() {
        batchNorm(64, 2, Activation.RELU, BatchNormTrain.Branch.NONE);
        for (int i = 0; i < STAGES.length; i++) {
            batchNorm(STAGES[i] / 4, 4 << i, Activation.RELU, BatchNormTrain.Branch.NONE);
            batchNorm(STAGES[i], 4 << i, Activation.RELU, BatchNormTrain.Branch.RESIDUAL);
        }
        batchNorm(STAGES[0], 4, Activation.NONE, BatchNormTrain.Branch.NONE);
        int c = sizes.channels(STAGES[0]);
        add("running statistics", new RunningStatistics(0.1, 1 << 16), normal(c), positive(c), normal(c), positive(c));
        add("batch-norm eval relu residual", new BatchNormEval(1e-5, Activation.RELU), activation(STAGES[0], 4),
                positive(c), normal(c), normal(c), positive(c), activation(STAGES[0], 4));
    }

    private void batchNorm(int full, int reduction, Activation activation, BatchNormTrain.Branch branch) {
        Operand x = activation(full, reduction);
        int c = sizes.channels(full);
        boolean residual = branch == BatchNormTrain.Branch.RESIDUAL;
        String name = "batch-norm" + (activation == Activation.RELU ? " relu" : "") + (residual ? " residual" : "");
        BatchNormTrain train = new BatchNormTrain(1e-5, activation);
        if (residual) {
            add(name, train, x, positive(c), normal(c), x);
        } else {
            add(name, train, x, positive(c), normal(c));
        }
        BatchNormBackward backward = new BatchNormBackward(1e-5, activation, branch);
        if (activation == Activation.RELU) {
            add(name + " gradient", backward, x, x, positive(c), normal(c), positive(c), x);
        } else {
            add(name + " gradient", backward, x, x, positive(c), normal(c), positive(c));
        }
    }

    private void pooling() {
        MaxPool2d max = new MaxPool2d(square(3), square(2), square(1));
        Operand stem = activation(64, 2);
        add("max-pool", max, stem);
        int half = sizes.side(4);
        add("max-pool gradient", new MaxPool2dBackward(max, square(sizes.side(2))), activation(64, 4),
                index(9, DType.U8, sizes.batch(), sizes.channels(64), half, half).channelsLast());
        AvgPool2d average = new AvgPool2d(square(2), square(2), Window.ZERO, AvgPool2d.Divisor.KERNEL);
        add("average-pool", average, activation(256, 4));
        add("average-pool gradient", new AvgPool2dBackward(average, square(sizes.side(4))), activation(256, 8));
        add("global average-pool", new AdaptiveAvgPool2d(ONE), activation(2048, 32));
        add("global average-pool gradient", new AdaptiveAvgPool2dBackward(square(sizes.side(32))),
                normal(sizes.batch(), sizes.channels(2048), 1, 1).channelsLast());
    }

    private void losses() {
        int rows = 2 * sizes.samples();
        int n = sizes.samples();
        int k = sizes.prototypes();
        Operand embeddings = normal(rows, sizes.dim());
        add("l2-normalise", new L2Normalize(1, 1e-12), embeddings);
        add("pairwise cross-entropy", new PairwiseCrossEntropy(0.1), embeddings, embeddings);
        add("pairwise cross-entropy gradient", new PairwiseCrossEntropyBackward(0.1), embeddings, embeddings,
                positive(rows), normal(rows));
        add("sinkhorn", new Sinkhorn(0.05, 3), uniform(-0.9, 0.9, n, k));
        add("soft cross-entropy", new SoftCrossEntropy(10), uniform(-0.9, 0.9, n, k), positive(n, k));
        add("soft cross-entropy gradient", new SoftCrossEntropyBackward(10), uniform(-0.9, 0.9, n, k), positive(n, k),
                positive(n), normal(n));
        add("softmax", new Softmax(1), normal(n, k));
        add("log-softmax", new LogSoftmax(1), normal(n, k));
        add("diagonal mask", new DiagonalMask(-1e9), normal(n, n));
        add("gather", new Gather(), normal(n, k), index(k, DType.I64, n));
        add("gather gradient", new GatherBackward(k), normal(n), index(k, DType.I64, n));
    }

    /** Over the parameters of the ResNet, one operation for all. */
    private void optimisers() {
        List<Operand> operands = new ArrayList<>();
        Operand scale = Operand.given(Shape.of(UnscaleGradients.STATE), 1, 0, 0);
        List<Operand> unscaled = new ArrayList<>(List.of(scale));
        try (ResNet model = new ResNet(Initializer.on(Device.CPU, DType.F32, 1),
                ResNetSpec.resnet50().withWidth(sizes.width()))) {
            for (Tensor parameter : model.trainable()) {
                Operand like = new Operand(parameter.shape(), new Operand.Values.Normal(0), Layout.ROW_MAJOR);
                operands.addAll(List.of(like, like, like));          // weights, gradient, momentum
                unscaled.add(like);
            }
        }
        operands.add(Operand.given(Shape.of(1), 1e-6));              // the learning rate
        add("larc step", new LarcStep(0.9, 1e-6, 0.001, 1e-8, LarcStep.Mode.CLIP),
                operands.toArray(Operand[]::new));
        add("sgd step", new SgdStep(0.9, 1e-4, SgdStep.Nesterov.NO), operands.toArray(Operand[]::new));
        add("unscale gradients", new UnscaleGradients(), unscaled.toArray(Operand[]::new));
        add("loss scale", new LossScaleStep(2, 0.5, 2000), scale);
    }

    /** Two global and six local crops of each of a batch's segments, on one canvas. */
    private void crops() {
        int canvas = Math.max(8, sizes.image() * CANVAS / Sizes.FULL.image());
        crops("global", 2 * sizes.batch(), sizes.image(), canvas, 0.7 * canvas / sizes.image());
        int local = Math.max(4, sizes.image() * 96 / Sizes.FULL.image());
        crops("local", 6 * sizes.batch(), local, canvas, 0.3 * canvas / local);
        int masks = Math.max(4, sizes.image() / 4);
        add("resize bilinear", new Resize(square(4 * masks), Resize.Filter.BILINEAR), normal(16, 3, masks, masks));
        add("resize antialias", new Resize(square(masks), Resize.Filter.ANTIALIAS),
                normal(16, 3, 4 * masks, 4 * masks));
        add("resize gradient", new ResizeBackward(square(masks), Resize.Filter.BILINEAR),
                normal(16, 3, 4 * masks, 4 * masks));
    }

    private void crops(String kind, int count, int side, int canvas, double scale) {
        double[] matrices = new double[count * 6];
        for (int i = 0; i < count; i++) {                    // rotated by up to ±20°, near the middle
            double angle = Math.toRadians(i * 7 % 41 - 20);
            double[] matrix = {scale * Math.cos(angle), -scale * Math.sin(angle), 0.1 * canvas + i % 5,
                scale * Math.sin(angle), scale * Math.cos(angle), 0.1 * canvas + i % 3};
            System.arraycopy(matrix, 0, matrices, 6 * i, 6);
        }
        Operand maps = given(Shape.of(count, 2, 3), matrices);
        Operand numbers = index(sizes.batch(), DType.I32, count);
        AffineCropResize crop = new AffineCropResize(square(side), AffineCropResize.Filter.TRIANGLE,
                AffineCropResize.Border.ZERO);
        add("affine crop-resize, " + kind, crop, index(1 << 16, DType.U16, sizes.batch(), 1, canvas, canvas), maps,
                numbers);
        add("affine crop-resize gradient, " + kind,
                new AffineCropResizeBackward(crop, Shape.of(sizes.batch(), 1, canvas, canvas)),
                normal(count, 1, side, side), maps, numbers);
    }

    private void transformers() {
        int rows = sizes.batch() * sizes.tokens();
        int features = sizes.channels(768);
        Operand x = normal(rows, features);
        add("layer-norm", new LayerNorm(1, 1e-6), x, positive(features), normal(features));
        add("layer-norm gradient", new LayerNormBackward(1), x, x, positive(features), normal(rows), positive(rows));
        Operand heads = normal(Math.max(1, sizes.batch() / 4), sizes.tokens(), Math.max(1, sizes.channels(12)), 64);
        add("attention", new Attention(0.125), heads, heads, heads);
        add("gelu", new Unary(Unary.Function.GELU), normal(rows, 4 * features));
    }

    private void pointwise() {
        Operand block = activation(256, 4);
        add("relu", new Unary(Unary.Function.RELU), block);
        add("exp", new Unary(Unary.Function.EXP), normal(sizes.samples(), sizes.prototypes()));
        add("add", new Binary(Binary.Function.ADD), block, block);
        add("multiply per channel", new Binary(Binary.Function.MUL), block, normal(1, sizes.channels(256), 1, 1));
        add("affine", new Affine(0.5, 1), block);
        add("clamp", new Clamp(-1, 1), block);
        Operand square = normal(sizes.samples(), sizes.samples());
        add("compare", new Compare(Compare.Relation.LESS), square, square);
        add("where", new Where(), truth(sizes.samples(), sizes.samples()), square, square);
        add("cast to bf16", new Cast(DType.BF16), block);
        add("cast to f32", new Cast(DType.F32), block);
    }

    private void reductions() {
        int n = sizes.samples();
        int k = sizes.prototypes();
        add("sum of rows", new Reduce(Reduce.Function.SUM, List.of(1)), normal(n, k));
        add("sum of columns", new Reduce(Reduce.Function.SUM, List.of(0)), normal(n, k));
        add("sum of all", new Reduce(Reduce.Function.SUM, List.of(0, 1)), normal(n, k));
        add("mean of each channel", new Reduce(Reduce.Function.MEAN, List.of(0, 2, 3)), activation(256, 4));
        add("argmax of rows", new ArgMax(1), normal(n, k));
    }

    private void shapes() {
        int n = sizes.samples();
        int k = sizes.prototypes();
        Operand images = normal(sizes.batch(), sizes.channels(256), sizes.side(4), sizes.side(4));
        add("to channels-last", new ToLayout(Layout.NHWC), images);
        add("to row-major", new ToLayout(Layout.ROW_MAJOR), images.channelsLast());
        add("transpose", new Permute(List.of(1, 0)), normal(n, k));
        add("permute heads", new Permute(List.of(0, 2, 1, 3)), normal(sizes.batch(), sizes.tokens(),
                Math.max(1, sizes.channels(12)), 64));
        add("expand", new Expand(Shape.of(n, k)), normal(1, k));
        add("slice", new Slice(0, 0, n, 1), normal(2 * n, k));
        add("pad", new Pad(1, 1, 1, 1, 0), normal(n, k));
        add("concat", new Concat(0), normal(n, k), normal(n, k));
        add("select rows", new Select(0), normal(n, k), index(n, DType.I64, n));
        add("select gradient", new SelectBackward(0, n), normal(n, k), index(n, DType.I64, n));
    }
}
