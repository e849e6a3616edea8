package dev.osteon.ssl.loss;

import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Tensor;
import java.util.Collections;

/**
 * The supervised baseline: cross-entropy end to end, every view of a sample being an example of the sample's class. The
 * network's head is the linear classifier, and an "embedding" [B, 2] its logits.
 */
public record Supervised() implements SslMethod {

    /** Of the classifier's outputs. */
    public static final int CLASSES = 2;

    /** Mean over views and samples of −log softmax(logits)[class]. */
    @Override
    public Tensor loss(Batch batch) {
        Tensor labels = batch.labelsFor("supervised");                                      // [B]
        Tensor logits = Ops.concat(0, batch.views());                                       // [V·B, 2], view by view
        return Ops.crossEntropy(logits, Ops.concat(0, Collections.nCopies(batch.views().size(), labels)));
    }
}
