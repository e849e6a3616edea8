package dev.osteon.engine.op;

import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * Moves batch-norm's running statistics towards a batch's, in place, as torch.nn.BatchNorm2d: the mean ← (1 −
 * momentum)·mean + momentum·m, and the variance likewise with the unbiased v·count/(count − 1). Operands of one element
 * per channel: running mean, running variance, and the batch's m and v, of its {@code count} values a channel.
 *
 * @param momentum between 0 and 1
 * @param count    2 or more
 */
public record RunningStatistics(double momentum, long count) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 4, 4);
        boolean alike = inputs.stream().distinct().count() == 1 && inputs.getFirst().dtype().isFloating();
        Check.that(alike, this, inputs, "four floating operands alike");
        Check.that(count >= 2, this, inputs, "two values or more a channel");
        return List.of();
    }

    /** What a batch's variance is multiplied with. */
    public double varianceShare() {
        return momentum * count / (count - 1);
    }

    @Override
    public boolean differentiable() {
        return false;
    }

    @Override
    public Precision precision() {
        return Precision.KEEP;
    }
}
