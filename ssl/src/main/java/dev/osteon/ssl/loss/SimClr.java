package dev.osteon.ssl.loss;

import dev.osteon.engine.tensor.Tensor;

/** SimCLR (Chen et al. 2020) over multi-crop views: {@link NtXent} for each pair of a global with another view. */
public record SimClr(MultiCropLoss loss) implements SslMethod {

    public static SimClr of(double temperature, MultiCropLoss.Reduction reduction) {
        return new SimClr(new MultiCropLoss(new NtXent(temperature), reduction));
    }

    @Override
    public Tensor loss(Batch batch) {
        return loss.loss(batch.views());
    }
}
