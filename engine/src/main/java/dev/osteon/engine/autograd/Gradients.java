package dev.osteon.engine.autograd;

import dev.osteon.engine.EngineException;
import dev.osteon.engine.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Gradients by tensor, a returned value rather than a hidden field. Owns its tensors until closed. */
public final class Gradients implements AutoCloseable {

    private final Map<Long, Tensor> byId = new LinkedHashMap<>();

    void put(Tensor of, Tensor gradient) {
        byId.put(of.id(), gradient);
    }

    /**
     * The gradient with respect to {@code tensor}, of its shape.
     *
     * @throws EngineException when the loss does not depend on it
     */
    public Tensor of(Tensor tensor) {
        return find(tensor).orElseThrow(() -> new EngineException("gradient of " + tensor
                + ": the loss does not depend on it, or it was not watched by the tape"));
    }

    /** The gradient with respect to {@code tensor}, empty when the loss does not depend on it. */
    public Optional<Tensor> find(Tensor tensor) {
        return Optional.ofNullable(byId.get(tensor.id()));
    }

    /** All gradients, in the order in which they were asked for. */
    public List<Tensor> all() {
        return List.copyOf(byId.values());
    }

    /** Drops a gradient, as SwAV does for frozen prototypes: an optimiser then skips the tensor altogether. */
    public void drop(Tensor tensor) {
        Tensor gradient = byId.remove(tensor.id());
        if (gradient != null) {
            gradient.close();
        }
    }

    /** Adds another's gradients to these, tensor by tensor; the other one is empty afterwards. */
    public void add(Gradients other) {
        List<Long> both = byId.keySet().stream().filter(other.byId::containsKey).toList();
        try (TensorSums sums = new TensorSums()) {
            for (long id : both) {
                Tensor gradient = byId.get(id);
                sums.add(List.of(gradient, other.byId.remove(id)), gradient.spec());
            }
            List<Tensor> results = sums.run();
            for (int i = 0; i < results.size(); i++) {
                byId.put(both.get(i), results.get(i));
            }
        }
        byId.putAll(other.byId);
        other.byId.clear();
    }

    @Override
    public void close() {
        byId.values().forEach(Tensor::close);
        byId.clear();
    }
}
