package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.many;
import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.op.Activation;
import dev.osteon.engine.op.BatchNormEval;
import dev.osteon.engine.op.LayerNorm;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Layout;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.optimise.Optimiser;
import dev.osteon.models.onnx.value.Value;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/** Normalisations. */
final class NormalizationOps {

    private NormalizationOps() {}

    static List<Entry> entries() {
        return List.of(
                many("BatchNormalization", 1, NormalizationOps::batchNorm),
                many("LayerNormalization", 17, NormalizationOps::layerNorm),
                new Entry(Optimiser.DOMAIN, "ChannelNormalization", 1, Set.of(), Set.of(),
                        c -> List.of(Value.of(channelNorm(c)))),
                one("RMSNormalization", 23, NormalizationOps::rmsNorm),
                one("InstanceNormalization", 1, c -> Value.of(scaled(c, grouped(c, c.shape(0).dim(1)),
                        ConvolutionOps.perChannel(c.tensor(0))))),
                one("GroupNormalization", 18, NormalizationOps::groupNorm),
                one("LRN", 1, NormalizationOps::localResponse),
                one("LpNormalization", 1, NormalizationOps::lpNorm),
                one("MeanVarianceNormalization", 9, NormalizationOps::meanVariance));
    }

    /** In training mode the batch's own statistics, and the running ones moved towards them by 1 − momentum. */
    private static List<Value> batchNorm(Call c) {
        Tensor x = c.tensor(0);
        double eps = c.attributes().real("epsilon", 1e-5);
        if (!c.attributes().flag("training_mode", false)) {
            return List.of(Value.of(Dispatcher.run(new BatchNormEval(eps, Activation.NONE), x, c.tensor(1), c.tensor(2),
                    c.tensor(3), c.tensor(4))));
        }
        int[] axes = IntStream.range(0, x.rank()).filter(i -> i != 1).toArray();
        Tensor mean = Ops.reshape(Ops.mean(x, axes), x.dim(1));
        Tensor variance = Ops.reshape(Ops.variance(x, 0, axes), x.dim(1));
        double momentum = c.attributes().real("momentum", 0.9);
        Tensor y = Dispatcher.run(new BatchNormEval(eps, Activation.NONE), x, c.tensor(1), c.tensor(2), mean, variance);
        return List.of(Value.of(y), Value.of(moved(c.tensor(3), mean, momentum)),
                Value.of(moved(c.tensor(4), variance, momentum)));
    }

    private static Tensor moved(Tensor running, Tensor current, double momentum) {
        return Ops.add(Ops.affine(running, momentum, 0), Ops.affine(current, 1 - momentum, 0));
    }

    private static List<Value> layerNorm(Call c) {
        Tensor x = c.tensor(0);
        int axis = c.axis("axis", -1, x.rank());
        int dims = x.rank() - axis;
        Shape normalised = Shape.of(Arrays.copyOfRange(x.shape().toArray(), axis, x.rank()));
        Tensor gamma = Ops.expand(c.tensor(1), normalised);
        Tensor beta = c.has(2) ? Ops.expand(c.tensor(2), normalised) : c.full(normalised, 0);
        List<Tensor> results = Dispatcher.runAll(new LayerNorm(dims, c.attributes().real("epsilon", 1e-5)),
                List.of(x, gamma, beta));
        int[] rows = x.shape().toArray();
        Arrays.fill(rows, axis, rows.length, 1);
        return List.of(Value.of(results.get(0)), Value.of(Ops.reshape(results.get(1), rows)),
                Value.of(Ops.reshape(results.get(2), rows)));
    }

    /** Each pixel's channels of [N, C, H, W], which lie together in channels-last memory. */
    private static Tensor channelNorm(Call c) {
        Tensor pixels = Ops.permute(c.tensor(0).to(Layout.NHWC), 0, 2, 3, 1);
        int channels = pixels.dim(3);
        Tensor y = Dispatcher.runAll(new LayerNorm(1, c.attributes().real("epsilon", 1e-5)), List.of(pixels,
                Ops.reshape(c.tensor(1), channels), Ops.reshape(c.tensor(2), channels))).getFirst();
        return Ops.permute(y, 0, 3, 1, 2);
    }

    /** x/√(mean x² + eps)·scale over the axes from {@code axis} on (Zhang and Sennrich 2019). */
    private static Value rmsNorm(Call c) {
        Tensor x = c.tensor(0);
        int[] axes = IntStream.range(c.axis("axis", -1, x.rank()), x.rank()).toArray();
        Tensor inverse = Ops.rsqrt(Ops.affine(Ops.mean(Ops.mul(x, x), axes), 1, c.attributes().real("epsilon", 1e-5)));
        return Value.of(Ops.mul(Ops.mul(x, inverse), c.tensor(1)));
    }

    /** (x − mean)/√(variance + eps) over each of {@code groups} of channels. */
    private static Tensor grouped(Call c, int groups) {
        Tensor x = c.tensor(0);
        if (groups < 1 || x.dim(1) % groups != 0) {
            throw c.problem(groups + " groups for " + x.shape(), "a divisor of the channels");
        }
        int rest = (int) (x.size() / Math.max(1, (long) x.dim(0) * groups));
        Tensor rows = Ops.reshape(x, x.dim(0), groups, rest);
        Tensor y = Dispatcher.runAll(new LayerNorm(1, c.attributes().real("epsilon", 1e-5)),
                List.of(rows, c.full(Shape.of(rest), 1), c.full(Shape.of(rest), 0))).getFirst();
        return Ops.reshape(y, x.shape().toArray());
    }

    private static Value groupNorm(Call c) {
        int groups = c.attributes().index("num_groups", 1);
        Tensor y = grouped(c, groups);
        if (c.shape(1).dim(0) == y.dim(1)) {
            return Value.of(scaled(c, y, ConvolutionOps.perChannel(y)));
        }
        int rest = (int) (y.size() / Math.max(1, (long) y.dim(0) * groups));    // opset 18: a scale per group
        Tensor rows = scaled(c, Ops.reshape(y, y.dim(0), groups, rest), new int[] {1, groups, 1});
        return Value.of(Ops.reshape(rows, y.shape().toArray()));
    }

    private static Tensor scaled(Call c, Tensor y, int[] shape) {
        return Ops.add(Ops.mul(y, Ops.reshape(c.tensor(1), shape)), Ops.reshape(c.tensor(2), shape));
    }

    /** x/(bias + alpha/size·Σ x²)^beta, the sum over {@code size} neighbouring channels (Krizhevsky et al. 2012). */
    private static Value localResponse(Call c) {
        Tensor x = c.tensor(0);
        int size = c.attributes().index("size", 1);
        if (size < 1) {
            throw c.problem("size " + size, "1 or more");
        }
        Tensor squares = PaddingOps.constant(c, Ops.mul(x, x), 1, (size - 1) / 2, size / 2, 0);
        Tensor sum = new Windows(1, x.dim(1), 1, size, 1).combined(c, squares, Ops::add);
        Tensor base = Ops.affine(sum, c.attributes().real("alpha", 1e-4) / size, c.attributes().real("bias", 1));
        return Value.of(Ops.div(x, Ops.pow(base, c.full(Shape.SCALAR, c.attributes().real("beta", 0.75)))));
    }

    /** Where the norm is 0 the result is 0. */
    private static Value lpNorm(Call c) {
        Tensor x = c.tensor(0);
        int axis = c.axis("axis", -1, x.rank());
        Tensor norm = c.attributes().integer("p", 2) == 1 ? Ops.sum(Ops.abs(x), axis) : Ops.norm(x, axis);
        Tensor zero = c.full(Shape.SCALAR, 0);
        Tensor divisor = Ops.where(Ops.equal(norm, zero), c.full(Shape.SCALAR, 1), norm);
        return Value.of(Ops.div(x, divisor));
    }

    private static Value meanVariance(Call c) {
        Tensor x = c.tensor(0);
        int[] axes = c.attributes().integers("axes").map(a -> c.axes(a, x.rank())).orElse(new int[] {0, 2, 3});
        Tensor centred = Ops.sub(x, Ops.mean(x, axes));
        Tensor deviation = Ops.sqrt(Ops.mean(Ops.mul(centred, centred), axes));
        return Value.of(Ops.div(centred, Ops.affine(deviation, 1, 1e-9)));
    }
}
