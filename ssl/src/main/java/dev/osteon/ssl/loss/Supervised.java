package dev.osteon.ssl.loss;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Shape;
import dev.osteon.engine.tensor.Tensor;
import java.util.Collections;

/**
 * The supervised baseline: cross-entropy end to end, every view of a sample being an example of the sample's class. The
 * network's head is the linear classifier, and an "embedding" [B, 2] its logits.
 *
 * @param negativeWeight of a sample of class 0 in the loss, above 0
 * @param positiveWeight of a sample of class 1
 */
public record Supervised(double negativeWeight, double positiveWeight) implements SslMethod {

    /** Of the classifier's outputs. */
    public static final int CLASSES = 2;

    public Supervised {
        if (!(negativeWeight > 0) || !(positiveWeight > 0)) {
            throw new EngineException("supervised: given class weights " + negativeWeight + " and " + positiveWeight
                    + "; expected numbers above 0");
        }
    }

    /** Both classes count alike. */
    public Supervised() {
        this(1, 1);
    }

    /** Mean over views and samples, weighted by class, of −log softmax(logits)[class]. */
    @Override
    public Tensor loss(Batch batch) {
        Tensor labels = batch.labelsFor("supervised");                                      // [B]
        Tensor logits = Ops.concat(0, batch.views());                                       // [V·B, 2], view by view
        Tensor target = Ops.concat(0, Collections.nCopies(batch.views().size(), labels));
        return Ops.crossEntropy(logits, target, Tensor.of(logits.device(), Shape.of(CLASSES), logits.dtype(),
                negativeWeight, positiveWeight));
    }
}
