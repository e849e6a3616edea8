package dev.osteon.models.onnx.op;

import static dev.osteon.models.onnx.op.OpTable.many;
import static dev.osteon.models.onnx.op.OpTable.one;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.models.onnx.value.HostArray;
import dev.osteon.models.onnx.value.Value;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Losses of scores [N, C, d1, …] against class numbers [N, d1, …]. */
final class LossOps {

    private LossOps() {}

    static List<Entry> entries() {
        return List.of(
                one("NegativeLogLikelihoodLoss", 12, c -> Value.of(loss(c, c.tensor(0)))),
                many("SoftmaxCrossEntropyLoss", 12, LossOps::crossEntropy));
    }

    private static List<Value> crossEntropy(Call c) {
        Tensor log = Ops.logSoftmax(c.tensor(0), 1);
        return List.of(Value.of(loss(c, log)), Value.of(log));
    }

    /** −w[t]·x[t] for each target t, summed, averaged by Σ w[t], or as it is. */
    private static Tensor loss(Call c, Tensor x) {
        HostArray target = c.host(1);
        long[] classes = target.integers();
        boolean ignores = c.attributes().has("ignore_index");
        long ignored = c.attributes().integer("ignore_index", 0);
        double[] given = c.has(2) ? c.doubles(2) : new double[0];
        double[] weights = new double[classes.length];
        long[] within = new long[classes.length];
        for (int i = 0; i < classes.length; i++) {
            boolean counts = !ignores || classes[i] != ignored;
            within[i] = counts ? IndexOps.within(c, new long[] {classes[i]}, x.dim(1))[0] : 0;
            weights[i] = !counts ? 0 : given.length == 0 ? 1 : given[(int) within[i]];
        }
        Tensor chosen = Ops.reshape(Ops.gather(classesLast(x), HostArray.int64(c.device(), target.shape(), within)),
                target.shape().toArray());
        Tensor losses = Ops.mul(Ops.neg(chosen), c.constant(target.shape(), weights));
        return switch (c.attributes().text("reduction", "mean")) {
            case "none" -> losses;
            case "sum" -> total(losses);
            case "mean" -> Ops.affine(total(losses), 1 / Arrays.stream(weights).sum(), 0);
            default -> throw c.problem("reduction " + c.attributes().text("reduction", ""), "none, sum or mean");
        };
    }

    private static Tensor classesLast(Tensor x) {
        return Ops.permute(x, IntStream.concat(IntStream.concat(IntStream.of(0), IntStream.range(2, x.rank())),
                IntStream.of(1)).toArray());
    }

    private static Tensor total(Tensor losses) {
        return Ops.reshape(Ops.sum(losses, IntStream.range(0, losses.rank()).toArray()), Shape.SCALAR.toArray());
    }
}
