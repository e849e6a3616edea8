package dev.osteon.ssl.loss;

import static dev.osteon.engine.op.Ops.concat;

import dev.osteon.engine.tensor.Tensor;
import dev.osteon.ssl.loss.MultiCropLoss.Pair;
import java.util.List;

/** A self-supervised loss between two views of the same samples. */
@FunctionalInterface
public interface PairLoss {

    /**
     * @param zi embeddings of one view [N, d], row n belonging to sample n
     * @param zj embeddings of the other view [N, d]
     * @return the loss, one element
     */
    Tensor loss(Tensor zi, Tensor zj);

    /**
     * The losses of pairs of views, one after another; a loss that can take them together does so.
     *
     * @param views embeddings [N, d] of each view
     * @param pairs P of them
     * @return the losses [P]
     */
    default Tensor losses(List<Tensor> views, List<Pair> pairs) {
        return concat(0, pairs.stream().map(p -> loss(views.get(p.v()), views.get(p.i())).reshape(1)).toList());
    }

    /** The method that sums or averages this loss over multi-crop views. */
    default SslMethod overMultiCrop(MultiCropLoss.Reduction reduction) {
        MultiCropLoss loss = new MultiCropLoss(this, reduction);
        return batch -> loss.loss(batch.views());
    }
}
