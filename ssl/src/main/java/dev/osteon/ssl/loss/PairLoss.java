package dev.osteon.ssl.loss;

import dev.osteon.engine.tensor.Tensor;

/** A self-supervised loss between two views of the same samples. */
@FunctionalInterface
public interface PairLoss {

    /**
     * @param zi embeddings of one view [N, d], row n belonging to sample n
     * @param zj embeddings of the other view [N, d]
     * @return the loss, one element
     */
    Tensor loss(Tensor zi, Tensor zj);

    /** The method that sums or averages this loss over multi-crop views. */
    default SslMethod overMultiCrop(MultiCropLoss.Reduction reduction) {
        MultiCropLoss loss = new MultiCropLoss(this, reduction);
        return batch -> loss.loss(batch.views());
    }
}
