package dev.osteon.engine.autograd;

import dev.osteon.engine.memory.TensorScope;
import dev.osteon.engine.op.Ops;
import dev.osteon.engine.tensor.Tensor;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The gradients that are on their way in a backward pass, by the number of the tensor they belong to (the adjoints of
 * Griewank and Walther 2008, ch. 3). Owns its tensors until they are taken or it is closed.
 */
final class Adjoints implements AutoCloseable {

    private final Map<Long, Tensor> byId = new HashMap<>();
    private final Set<Long> wanted = new HashSet<>();

    /** @param with tensors whose gradients stay when they are taken, as they are asked for in the end */
    Adjoints(Collection<Tensor> with) {
        with.forEach(tensor -> wanted.add(tensor.id()));
    }

    boolean has(long id) {
        return byId.containsKey(id);
    }

    /** What has come together for a tensor, in the innermost scope. */
    Optional<Tensor> take(long id) {
        if (wanted.contains(id)) {
            return Optional.ofNullable(byId.get(id)).map(gradient -> gradient.alias(gradient.spec()));
        }
        return Optional.ofNullable(byId.remove(id)).map(TensorScope::adopt);
    }

    /** Adds to what there is for a tensor. */
    void add(long id, Tensor given) {
        Tensor before = byId.get(id);
        Tensor sum = before == null ? given.alias(given.spec()) : Ops.add(before, given);
        byId.put(id, TensorScope.detach(sum));
        if (before != null) {
            before.close();
        }
    }

    /** Has what has come together for one tensor go on as another's, which is the same value made again. */
    void move(long from, long to) {
        if (from == to || has(to) || !has(from)) {
            return;
        }
        byId.put(to, wanted.contains(from) ? Node.hold(byId.get(from)) : byId.remove(from));
    }

    /** Walks back through entries that were recorded in this order. */
    void through(List<Entry> entries) {
        for (Entry entry : entries.reversed()) {
            entry.backward(this);
        }
    }

    /** What is there in the end, in the order asked for; the caller's. */
    Gradients results(Collection<Tensor> with) {
        Gradients results = new Gradients();
        for (Tensor tensor : with) {
            Optional.ofNullable(byId.remove(tensor.id())).ifPresent(gradient -> results.put(tensor, gradient));
        }
        return results;
    }

    @Override
    public void close() {
        byId.values().forEach(Tensor::close);
        byId.clear();
    }
}
