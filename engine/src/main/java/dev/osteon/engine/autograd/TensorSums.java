package dev.osteon.engine.autograd;

import dev.osteon.engine.dispatch.Dispatcher;
import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.MultiTensorSum;
import dev.osteon.engine.tensor.Tensor;
import dev.osteon.engine.tensor.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/** Sums of gradients that are computed by one operation. Owns the terms. */
final class TensorSums implements AutoCloseable {

    private final List<MultiTensorSum.Sum> sums = new ArrayList<>();
    private final List<Tensor> terms = new ArrayList<>();

    /** One more sum, of tensors that nobody else owns. */
    void add(List<Tensor> of, TensorSpec result) {
        sums.add(new MultiTensorSum.Sum(of.size(), result));
        terms.addAll(of);
    }

    /** The sums in the order in which they were added; the caller's. */
    List<Tensor> run() {
        if (sums.isEmpty()) {
            return List.of();
        }
        try (TensorScope scope = TensorScope.open()) {
            return Dispatcher.runAll(new MultiTensorSum(sums), terms).stream().map(scope::release).toList();
        }
    }

    @Override
    public void close() {
        terms.forEach(Tensor::close);
    }
}
