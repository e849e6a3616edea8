package dev.osteon.ssl.loss;

import dev.osteon.engine.tensor.Tensor;
import java.util.List;

/** What a self-supervised method makes of the embeddings of a batch's views. */
@FunctionalInterface
public interface SslMethod {

    /**
     * @param views embeddings [B, d] of each view, the two global ones first; row b belongs to sample b of the batch
     * @return the loss, one element
     */
    Tensor loss(List<Tensor> views);
}
