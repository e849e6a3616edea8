package dev.osteon.engine.op;

import dev.osteon.engine.tensor.TensorSpec;
import java.util.List;

/**
 * What a step does to a dynamic loss scale, in place, as torch.amp.GradScaler: after an overflow scale ← scale·backoff
 * and the count begins anew; after {@code interval} steps without one scale ← scale·growth, unless that is no float32.
 * Forgets the overflow. Operand: the state of {@link UnscaleGradients#STATE} elements.
 *
 * @param growth   above 1
 * @param backoff  between 0 and 1
 * @param interval 1 or more
 */
public record LossScaleStep(double growth, double backoff, int interval) implements Op {

    @Override
    public List<TensorSpec> infer(List<TensorSpec> inputs) {
        Check.count(this, inputs, 1, 1);
        UnscaleGradients.stateFits(this, inputs.getFirst());
        return List.of();
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
